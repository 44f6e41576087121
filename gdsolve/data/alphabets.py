"""What the usual encodings are called, and the letters that texts in them consist of for the most part."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Script(Enum):
    """How letters beyond ASCII stand in a word: among letters of ASCII, among themselves, or a word each."""

    LATIN = "latin"
    OTHER = "other"
    IDEOGRAPHS = "ideographs"


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding: `codec` as Python and `--encoding` call it, `name` as people do.

    `usual` are the commonest letters of its texts and `other` the further ones, in lower case; of ideographs, which are
    too many, those are further ones that `plain` has within the `leads` of its first bytes. `share`, 0 to 1, is how
    likely the encoding is in tables beside others for the same letters.
    """

    codec: str
    name: str
    script: Script
    usual: frozenset[str]
    other: frozenset[str] = frozenset()
    plain: str = ""
    leads: tuple[int, int] = (0, 0)
    share: float = 1.0


_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方"
    "多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情"
    "明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给"
    "世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太"
    "量再感建务做接必场件计管期市直德资命山金指许统区保至队形社便空决治展马科司五基书非则白界达光放强即难且权思王象完设式色路"
    "记南品住告类求据程北边张该交规万取格领共确传师观清今切院导运姓城销售额广费价积温湿龄编号支本润值省县镇街房屋楼层压速流率频"
    "质宽厚密浓评级班绩语英京州深圳津庆武汉成杭店男否目标特征权组季周风雨晴阴备注缺失份萼片瓣鸢尾病症药医户客单购买库存货车辆油耗排营盈六七八九百千"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方"
    "多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情"
    "明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給"
    "世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太"
    "量再感建務做接必場件計管期市直德資命山金指許統區保至隊形社便空決治展馬科司五基書非則白界達光放強即難且權思王象完設式色路"
    "記南品住告類求據程北邊張該交規萬取格領共確傳師觀清今切院導運姓城銷售額廣費價積溫濕齡編號支潤值省縣鎮街房屋樓層壓速流率頻"
    "質寬厚密濃評級班績語英臺灣雄竹桃園店男否標特徵組季週風雨晴陰備註缺失份萼瓣尾病症藥醫戶客單購買庫存貨車輛油耗排營盈六七八九百千"
)
_HALF_KANA = "".join(map(chr, range(0xFF66, 0xFFA0)))
_KANA = "".join(map(chr, (*range(0x3041, 0x3097), *range(0x30A1, 0x30FD))))
_JAPANESE = _KANA + (
    "日一国人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土"
    "木聞食車何南万毎白天母火右読友左休父雨会同事自社発者地業方新場員立開手力問代明動京目通言理体田主題意不作用度強公持野以思家"
    "世多正安院心界教文元重近考画海売知道集別物使品計死特私始朝運終台広住真有口少町料工建空急止送切転研足究楽起着店病質待試族銀"
    "早映親験英医仕去味写字答夜音注帰古歌買悪図週室歩風紙黒花春赤青館屋色走秋夏習駅洋旅服身都市価格面積温湿付刻数量番号性齢収支"
    "費利益産県区村部階圧速流周波幅厚密濃評等級成績点告府阪札幌横浜神戸福岡佐藤鈴橋伊渡辺林加年月額単位回平均値合率比経費給与営"
    "第的定表全関対法制内民政実現相信化全保込決資原連当選加最調続約受氏機取権報次組進報変指期治判断予総記円増減測誤差備考欠血液型種類片花弁幅店舗駅距離家賃渋谷新宿来客値偏散"
)
_KOREAN = (
    "이다는을의에가하고지한로기사리도대자어시그나있아인스장정주부서수일보전제동상은해들과를것게성원만조구경신화용관여무계선문회유"
    "소비개모연치방재라면미위공안으행중진국학내년분생명실적물우현발단체통산습당남북양영반업요식강표광목세간결론호차금변운드트크오"
    "마러야르바히후건술배교역담권심판예번매출키몸울천릉김박최온습격값점넓량률높종류군월액이름별령활길너투당입력청참석층석측속품종꽃받침길잎너비날짜온방홍객률한기"
)
_CYRILLIC, _CYRILLIC_TOO = "оеаинтсрвлкмдпу", "ягьызбчйхжшюцёіїє"
_GREEK, _GREEK_TOO = "αοιετσνηυρπκλμςάόίέήύώ", "δγωχθφβξζψϊϋ"
_HEBREW, _HEBREW_TOO = "יוהלאמרתבשנ", "דקעםחפגצטזסכןףץך"
_ARABIC, _ARABIC_TOO = "اليمنوترب", "عدسفحكهةقجشصطخذضظغزثءآأؤإئىپچژگ"
_THAI = "านรอกเงมยลวดทสตะปบคหแจพชขใไโผถ่้ิีัุู์ื็ำ"
_THAI_TOO = "ฟฉซณธศฐษฏฎฆฌญฑฒฤๆฝฮึ๊๋ฯ"
_WESTERN, _WESTERN_TOO = "äöüßéèêàâçñáíóúåæøãõôîïëœ", "ìòùûÿðþýšž"
_CENTRAL = "ąćęłńóśźżáčďéěíňřšťúůýžőűöüäôľĺŕăâîşţțș"
_TURKISH = "çğıİöşüâû"
_BALTIC = "āčēģīķļņšūžąęėįųõäöü"

_BY_LEVEL = {"gb2312": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "euc_jp": (0xB0, 0xCF), "euc_kr": (0xB0, 0xC8)}


def _ideographs(codec: str, name: str, usual: str, plain: str) -> Encoding:
    other = frozenset(_HALF_KANA) if usual is _JAPANESE else frozenset()
    return Encoding(codec, name, Script.IDEOGRAPHS, frozenset(usual), other, plain, _BY_LEVEL[plain])


def _letters(codec: str, name: str, script: Script, usual: str, other: str = "", share: float = 1.0) -> Encoding:
    return Encoding(codec, name, script, frozenset(usual), frozenset(other), share=share)


# Of two that read a text alike the first is named.
ENCODINGS = (
    _ideographs("gbk", "GBK", _SIMPLIFIED, "gb2312"),
    _ideographs("gb18030", "GB 18030", _SIMPLIFIED, "gb2312"),
    _ideographs("shift_jis", "Shift-JIS", _JAPANESE, "euc_jp"),
    _ideographs("cp932", "Shift-JIS of Windows", _JAPANESE, "euc_jp"),
    _ideographs("euc_jp", "EUC-JP", _JAPANESE, "euc_jp"),
    _ideographs("euc_kr", "EUC-KR", _KOREAN, "euc_kr"),
    _ideographs("cp949", "EUC-KR of Windows", _KOREAN, "euc_kr"),
    _ideographs("big5", "Big5", _TRADITIONAL, "big5"),
    _ideographs("cp950", "Big5 of Windows", _TRADITIONAL, "big5"),
    _ideographs("big5hkscs", "Big5 of Hong Kong", _TRADITIONAL, "big5"),
    _letters("cp1252", "Western European", Script.LATIN, _WESTERN, _WESTERN_TOO),
    _letters("cp1250", "Central European", Script.LATIN, _CENTRAL),
    _letters("iso8859_2", "Central European", Script.LATIN, _CENTRAL, share=0.9),
    _letters("cp1254", "Turkish", Script.LATIN, _TURKISH),
    _letters("cp1257", "Baltic", Script.LATIN, _BALTIC, share=0.75),
    _letters("cp850", "Western European, of DOS", Script.LATIN, _WESTERN, share=0.8),
    _letters("mac_roman", "Western European, of old Macs", Script.LATIN, _WESTERN, share=0.7),
    _letters("cp1251", "Cyrillic", Script.OTHER, _CYRILLIC, _CYRILLIC_TOO),
    _letters("koi8_r", "Cyrillic", Script.OTHER, _CYRILLIC, _CYRILLIC_TOO, 0.88),
    _letters("cp866", "Cyrillic, of DOS", Script.OTHER, _CYRILLIC, _CYRILLIC_TOO, 0.9),
    _letters("cp1253", "Greek", Script.OTHER, _GREEK, _GREEK_TOO),
    _letters("cp1255", "Hebrew", Script.OTHER, _HEBREW, _HEBREW_TOO),
    _letters("cp1256", "Arabic", Script.OTHER, _ARABIC, _ARABIC_TOO),
    _letters("cp874", "Thai", Script.OTHER, _THAI, _THAI_TOO, 0.75),
    # What nothing else can be: every byte is a letter or a control character there.
    _letters("latin-1", "Western European", Script.LATIN, _WESTERN, share=0.1),
)
