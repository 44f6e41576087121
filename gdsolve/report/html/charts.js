
const WIDTH = 460, HEIGHT = 320, LEFT = 70, RIGHT = 14, TOP = 14, BOTTOM = 44;

// ---- scales and ticks

const linear = (low, high, from, to) => {
  const scale = (value) => from + (value - low) / (high - low || 1) * (to - from);
  scale.ticks = linearTicks(low, high);
  return scale;
};
const logarithmic = (low, high, from, to) => {
  const [a, b] = [Math.log10(low), Math.log10(high)];
  const scale = (value) => from + (Math.log10(value) - a) / (b - a || 1) * (to - from);
  scale.ticks = logTicks(low, high);
  return scale;
};
/** Numbers of updates: log(k + 1), so that 0 has a place. */
const counts = (last, from, to) => {
  const scale = (k) => from + Math.log10(k + 1) / Math.log10(last + 1 || 2) * (to - from);
  const powers = Array.from({ length: Math.floor(Math.log10(Math.max(1, last))) + 1 }, (_, power) => 10 ** power);
  const step = Math.ceil(powers.length / 5);
  scale.ticks = [0, ...powers.filter((_, power) => power % step === 0)];
  return scale;
};

function linearTicks(low, high) {
  const raw = (high - low) / 4 || 1, size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((unit) => unit * size).find((unit) => unit >= raw);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-9; tick += step) ticks.push(Math.abs(tick) < step * 1e-9 ? 0 : tick);
  return ticks;
}

function logTicks(low, high) {
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first + 1) / 6)), ticks = [];
  for (let power = first; power <= last; power += step) ticks.push(10 ** power);
  if (ticks.length > 2) return ticks;
  // Less than three powers of ten: 1, 2 and 5 times each.
  const finer = [];
  for (let power = first - 1; power <= last; power++) for (const unit of [1, 2, 5]) { const tick = unit * 10 ** power; if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) finer.push(tick); }
  return finer.length > 1 ? finer : [low, high];
}

/** A number of updates. */
const counted = (k) => `${k} update${k === 1 ? "" : "s"}`;

/** A number for people: few digits, powers of ten beyond. */
function show(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(Math.max(0, digits - 1)).replace(/\.?0+e/, "e").replace("e+", "e");
  return String(Number(value.toPrecision(digits)));
}

// ---- drawing

function make(kind, attributes, parent, text) {
  const node = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

/** As much of a long label as there is room for. */
const cut = (text, most) => text.length > most ? `${text.slice(0, most - 1)}…` : text;

/** An empty chart in a figure: axes with their labels, and a group that is cut off at the frame. */
function chart(figure, x, y, labels) {
  const old = figure.querySelector("svg");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", figure.querySelector("figcaption").textContent);
  if (old) old.replaceWith(svg); else figure.prepend(svg);
  const clip = `clip-${figure.id}`;
  const inner = { x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM };
  make("rect", inner, make("clipPath", { id: clip }, svg));
  for (const [at, tick] of x.ticks.entries()) {
    make("line", { x1: x(tick), x2: x(tick), y1: TOP, y2: HEIGHT - BOTTOM, class: "grid" }, svg);
    make("text", { x: x(tick), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, svg, x.texts ? x.texts[at] : show(tick, 3));
  }
  for (const [at, tick] of y.ticks.entries()) {
    make("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick), class: "grid" }, svg);
    make("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, svg, y.texts ? y.texts[at] : show(tick, 3));
  }
  make("rect", { ...inner, class: "frame" }, svg);
  make("text", { x: LEFT + inner.width / 2, y: HEIGHT - 8, "text-anchor": "middle", class: "label" }, svg, cut(labels[0], 62));
  make("text", { x: 11, y: TOP + inner.height / 2, "text-anchor": "middle", class: "label",
    transform: `rotate(-90 11 ${TOP + inner.height / 2})` }, svg, cut(labels[1], 42));
  const group = make("g", { "clip-path": `url(#${clip})` }, svg);
  return { svg, group, x, y, figure };
}

const BEYOND = 5000; // Coordinates far outside the frame make browsers stumble.
const place = (value) => Math.max(-BEYOND, Math.min(BEYOND, value)).toFixed(2);

function line(plot, points, style, id) {
  const shown = points.filter(([x, y]) => Number.isFinite(plot.x(x)) && Number.isFinite(plot.y(y)));
  const d = shown.map(([x, y], number) => `${number ? "L" : "M"}${place(plot.x(x))} ${place(plot.y(y))}`).join("");
  return make("path", id ? { d, class: `line ${style}`, id } : { d, class: `line ${style}` }, plot.group);
}

function dots(plot, points, style, radius = 3) {
  for (const [x, y] of points) {
    const [cx, cy] = [plot.x(x), plot.y(y)];
    if (Number.isFinite(cx) && Number.isFinite(cy)) make("circle", { cx: place(cx), cy: place(cy), r: radius, class: `dot ${style}` }, plot.group);
  }
}

/** The nearest of some points under the pointer, told in words below the chart. */
function hover(plot, points, words) {
  const tip = plot.figure.querySelector(".told") || plot.figure.appendChild(document.createElement("div"));
  tip.className = "told tip";
  tip.textContent = "";
  const ring = make("circle", { r: 6, class: "hover", visibility: "hidden" }, plot.group);
  const placed = points.map((point) => [plot.x(point[0]), plot.y(point[1]), point]).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  plot.svg.onpointermove = (event) => {
    const frame = plot.svg.getBoundingClientRect();
    const [x, y] = [(event.clientX - frame.left) * WIDTH / frame.width, (event.clientY - frame.top) * HEIGHT / frame.height];
    let best = null, least = Infinity;
    for (const entry of placed) {
      const distance = (entry[0] - x) ** 2 + (entry[1] - y) ** 2;
      if (distance < least) [best, least] = [entry, distance];
    }
    if (!best) return;
    ring.setAttribute("cx", best[0]); ring.setAttribute("cy", best[1]); ring.setAttribute("visibility", "visible");
    tip.textContent = words(best[2]);
  };
  plot.svg.onpointerleave = () => { ring.setAttribute("visibility", "hidden"); tip.textContent = ""; };
}

const extent = (values) => [Math.min(...values), Math.max(...values)];
const area = { x: [LEFT, WIDTH - RIGHT], y: [HEIGHT - BOTTOM, TOP] };
