"""Files that are not UTF-8 are refused with the encoding that they are probably in, and can be read in it."""

from __future__ import annotations

import gzip
import io
import json
import shlex
import sys
from pathlib import Path

import pytest
from data_files import failure, load, write, zstd

import gdsolve
from gdsolve.cli.main import run
from gdsolve.data.readings import readings_of
from gdsolve.spec import Categorical

ROWS = ((1, 2), (2, 4), (3, 7), (4, 8), (5, 9), (6, 12))
WORDS = {
    "gbk": ("城市,面积,价格", "北京 上海 北京 上海 广州 广州"),
    "gb18030": ("姓名,身高,体重", "王五 李四 王五 李四 张三 张三"),
    "shift_jis": ("都市,面積,価格", "東京 大阪 東京 大阪 京都 京都"),
    "cp932": ("店舗,①売上,②利益", "渋谷 新宿 渋谷 新宿 池袋 池袋"),
    "euc_jp": ("名前,身長,体重", "田中 佐藤 田中 佐藤 鈴木 鈴木"),
    "euc_kr": ("도시,면적,가격", "서울 부산 서울 부산 대구 대구"),
    "big5": ("城市,面積,價格", "臺北 高雄 臺北 高雄 臺中 臺中"),
    "cp1251": ("город,площадь,цена", "Москва Казань Москва Казань Тула Тула"),
    "koi8_r": ("город,площадь,цена", "Москва Казань Москва Казань Тула Тула"),
    "cp866": ("город,площадь,цена", "Москва Казань Москва Казань Тула Тула"),
    "cp1252": ("Stadt,Größe,Preis €", "Köln München Köln München Bonn Bonn"),
    "latin-1": ("ville,température,année", "Besançon Orléans Besançon Orléans Nîmes Nîmes"),
    "cp1250": ("miasto,płeć,źródło", "Łódź Kraków Łódź Kraków Gdańsk Gdańsk"),
    "iso8859_2": ("miasto,płeć,źródło", "Łódź Kraków Łódź Kraków Gdańsk Gdańsk"),
    "cp1253": ("πόλη,ηλικία,τιμή", "Αθήνα Πάτρα Αθήνα Πάτρα Βόλος Βόλος"),
    "cp1254": ("şehir,yaş,ağırlık", "İstanbul İzmir İstanbul İzmir Ankara Ankara"),
    "cp1255": ("עיר,שטח,מחיר", "חיפה ירושלים חיפה ירושלים אילת אילת"),
    "cp1256": ("المدينة,العمر,الدخل", "القاهرة دمشق القاهرة دمشق بغداد بغداد"),
    "cp874": ("เมือง,พื้นที่,ราคา", "กรุงเทพ เชียงใหม่ กรุงเทพ เชียงใหม่ ภูเก็ต ภูเก็ต"),
    "utf-16-le": ("城市,面积,价格", "北京 上海 北京 上海 广州 广州"),
    "utf-16-be": ("Stadt,Größe,Preis", "Köln München Köln München Bonn Bonn"),
    "utf-32-le": ("都市,面積,価格", "東京 大阪 東京 大阪 京都 京都"),
    "iso2022_jp": ("都市,面積,価格", "東京 大阪 東京 大阪 京都 京都"),
    "iso2022_kr": ("도시,면적,가격", "서울 부산 서울 부산 대구 대구"),
}
MARKED = {"utf-16-le": "UTF-16 without a byte order mark", "utf-16-be": "UTF-16 without a byte order mark"}
MARKED |= {"utf-32-le": "UTF-32 without a byte order mark"}
MARKED |= dict.fromkeys(("iso2022_jp", "iso2022_kr"), "ISO-2022 text, not UTF-8")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(header: str, keys: str) -> str:
    rows = [f"{key},{x},{y}" for key, (x, y) in zip(keys.split(), ROWS, strict=True)]
    return "\n".join([header, *rows]) + "\n"


def flag_of(hint: str) -> str:
    """What the first --encoding of a hint names."""
    words = shlex.split(hint.replace("'", " "))
    return words[words.index("--encoding") + 1]


@pytest.mark.parametrize("encoding", WORDS)
def test_the_likely_encoding_is_named_and_reads_the_file(encoding: str) -> None:
    header, keys = WORDS[encoding]
    text = table(header, keys)
    path = write(Path("t.csv"), text.encode(encoding))
    code, message, hint = failure(path, categorical=Categorical.ONEHOT)
    assert (code, message) == (
        5,
        f"t.csv: {'is ' + MARKED[encoding] if encoding in MARKED else 'the header is not UTF-8'}",
    )
    flag = flag_of(hint)
    assert f"--encoding {flag} reads {header!r}" in hint
    loaded = load(path, encoding=flag, categorical=Categorical.ONEHOT)
    key, feature, target = header.split(",")
    assert loaded.roles.target == target
    assert loaded.roles.features == (key, feature)
    assert loaded.roles.levels == {key: tuple(sorted(set(keys.split())))}


@pytest.mark.parametrize("encoding", ["gbk", "shift_jis", "euc_jp", "euc_kr", "big5", "cp1251", "cp1252"])
def test_cells_keys_and_objects_in_other_encodings(encoding: str) -> None:
    header, keys = WORDS[encoding]
    lines = table("k,x,y", keys)
    path = write(Path("t.csv"), lines.encode(encoding))
    first, levels = keys.split()[0], sorted(set(keys.split()))
    hints = [failure(path, categorical=Categorical.ONEHOT)]
    with pytest.raises(gdsolve.DataError) as caught:
        gdsolve.fit(path, group_by="k")
    hints.append((5, caught.value.message, caught.value.hint or ""))
    for code, message, hint in hints:
        assert (code, message) == (5, "t.csv: row 1 (line 2), column 'k': is not UTF-8")
        assert f"--encoding {flag_of(hint)} reads '{first},1,2'" in hint
    flag = flag_of(hints[0][2])
    assert sorted(str(one.group) for one in gdsolve.fit(path, group_by="k", encoding=flag)) == levels
    rows = [
        dict(zip(header.split(","), (key, x, y), strict=True)) for key, (x, y) in zip(keys.split(), ROWS, strict=True)
    ]
    objects = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path = write(Path("t.ndjson"), objects.encode(encoding))
    code, message, hint = failure(path, categorical=Categorical.ONEHOT)
    assert (code, message) == (5, "t.ndjson: row 1 (line 1) is not UTF-8")
    assert flag_of(hint) == flag
    assert list(load(path, encoding=flag, categorical=Categorical.ONEHOT).roles.levels.values()) == [tuple(levels)]


@pytest.mark.parametrize("packed", ["gz", "zst", "stdin"])
def test_streams_and_packed_files(
    packed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    header, keys = WORDS["gbk"]
    raw = table(header, keys).encode("gbk")
    name = "-" if packed == "stdin" else f"t.csv.{packed}"
    if packed != "stdin":
        Path(name).write_bytes(gzip.compress(raw) if packed == "gz" else zstd(raw))

    def said(*options: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        code = run(["fit", name, *options])
        return code, *capsys.readouterr()

    called = "standard input" if packed == "stdin" else name
    assert said() == (
        5,
        "",
        f"gdsolve: error: {called}: the header is not UTF-8\nhint: probably GBK: --encoding gbk reads {header!r}\n",
    )
    followed = ("--encoding", "gbk", "--target", "价格", "--features", "面积", "--format", "json")
    code, out, _ = said(*followed)
    assert code == 0
    assert list(json.loads(out)["weights"]) == ["面积"]


def test_predictions_for_tables_in_other_encodings() -> None:
    header, keys = WORDS["shift_jis"]
    text = table(header, keys)
    fit = gdsolve.fit(write(Path("t.csv"), text), categorical="onehot")
    new = write(Path("new.csv"), text.encode("shift_jis"))
    with pytest.raises(gdsolve.DataError, match="the header is not UTF-8") as caught:
        gdsolve.predict(fit, new)
    assert caught.value.hint == f"probably Shift-JIS: --encoding shift_jis reads {header!r}"
    expected = gdsolve.predict(fit, "t.csv")
    assert gdsolve.predict(fit, new, encoding="shift_jis").tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("encoding", "flag"), [("gbk", "gb2312"), ("cp932", "euc_jp"), ("utf-8", "gb2312"), ("utf-8", "utf-16")]
)
def test_an_encoding_that_does_not_fit_names_another(encoding: str, flag: str) -> None:
    text = table("姓名,x,y", "鎔鎔 上海 北京 上海 广州 广州") if encoding == "gbk" else table(*WORDS["shift_jis"])
    path = write(Path("t.csv"), text.encode(encoding))
    code, message, hint = failure(path, encoding=flag, categorical=Categorical.ONEHOT)
    assert code == 5
    assert message.startswith(f"t.csv: is not {flag} text")
    if encoding == "utf-8":
        assert hint == "it is UTF-8: leave --encoding out"
    else:
        assert load(path, encoding=flag_of(hint), categorical=Categorical.ONEHOT).rows == 6


def test_a_mark_beats_no_encoding() -> None:
    text = table("k,x,y", "a b a b c c")
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        assert load(write(Path("t.csv"), text.encode(encoding)), ignore=("k",)).roles.features == ("x",)
    path = write(Path("t.csv"), text.encode("utf-16"))
    assert failure(path, encoding="latin-1") == (5, "t.csv: is not text in this encoding", "leave --encoding out")


def test_one_cell_that_is_not_as_the_others_makes_no_other_encoding() -> None:
    good = "k,x,y\nKöln,1,2\nMünchen,2,4\nNürnberg,2,3\n".encode()
    path = write(Path("t.csv"), good + "Zürich,3,5\n".encode("latin-1"))
    code, message, hint = failure(path, categorical=Categorical.ONEHOT)
    assert (code, message) == (5, "t.csv: row 4 (line 5), column 'k': is not UTF-8")
    command = f"iconv -c -f utf-8 -t utf-8 {path} | gdsolve fit -"
    assert hint == f"most of the file is UTF-8; without the other bytes: {command}"


def test_what_is_utf_8_stays_so() -> None:
    genuine = write(Path("t.csv"), "k\ufffd,x,y\n1,1,2\n2,2,5\n3,3,4\n")
    assert load(genuine).roles.features == ("k\ufffd", "x")
    late = write(Path("late.csv"), b"k,x,y\n" + b"a,1,2\n" * 60_000 + "東京,1,2\n".encode("shift_jis"))
    _, message, hint = failure(late, categorical=Categorical.ONEHOT)
    assert message == "late.csv: row 60001 (line 60002), column 'k': is not UTF-8"
    assert hint == "probably Shift-JIS: --encoding shift_jis reads '東京,1,2'"
    assert failure(write(Path("b.csv"), bytes(range(256)) * 20)) == (
        5,
        "b.csv: is not text, nor Parquet, Arrow, Excel, SQLite or DuckDB",
        "save it as CSV",
    )


def test_a_blank_between_thousands_is_a_number_in_the_encoding_named() -> None:
    path = write(Path("t.csv"), "a,b\n1,2\n3,\xa04\n5,7\n".encode("latin-1"))
    code, message, hint = failure(path)
    assert (code, message) == (5, "t.csv: row 2 (line 3), column 'b': '\ufffd4' is not UTF-8")
    assert flag_of(hint) == "cp1252"
    assert load(path, encoding="cp1252").values.tolist() == [[1, 2], [3, 4], [5, 7]]


SHORT = {
    "gbk": "身高,体重/年份,销售额/温度,y/浓度(mg/L),吸光度/x,y,备注/序号,学号,语文/车间,工号,班次/诸葛亮/河北,1,2",
    "shift_jis": "身長,体重/年,売上/価格,y/測定値,誤差/血液型,年齢/備考,x/ひらがな,カタカナ/ﾃﾞｰﾀ,値/気温,来客数",
    "euc_jp": "身長,体重/年,売上/測定値,誤差/ひらがな,カタカナ/気温,来客数,売上高(円)",
    "euc_kr": "키,몸무게/연도,매출,광고비/날짜,기온/고객번호,연체확률/강남,1,2",
    "big5": "身高,體重/年份,銷售額,廣告費/客戶編號,違約機率/桃園,1,2",
    "cp1251": "рост,вес/год,продажи/цена,y/ВОЗРАСТ,ДОХОД/Молоко,1/Температура воздуха;Влажность/ціна,площа/щёлочь,x",
    "cp1252": "Größe,y/prénom,x/año,región/naïve café,y/(°C),y/µg,y/25°C,y/£ price/it’s,y/AÑO,x/½ cup/preço,nº/é,y",
    "cp1250": "wzrost,płeć/výška,váha/cena,śr_ważona/źródło,x/město,příjem",
    "cp1253": "ύψος,βάρος/Ηλικία,Εισόδημα/ΤΙΜΗ,y",
}


@pytest.mark.parametrize("encoding", SHORT)
def test_short_headers_are_read_right(encoding: str) -> None:
    for text in SHORT[encoding].replace("mg/L", "mg\x00L").split("/"):
        header = text.replace("\x00", "/")
        best, *others = readings_of(header.encode(encoding))
        assert best.text == header, (header, best, others[:2])
