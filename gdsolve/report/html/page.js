"use strict";
// The page of one run. Every curve of the learning rate is computed here, in closed form, from the spectrum:
// in mode i the error after k updates is e_i·d^k with d = 1 − αλ_i (Nesterov, Introductory Lectures, 1.2.3).

const RUN = JSON.parse(document.getElementById("run").textContent);
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 460, HEIGHT = 320, LEFT = 70, RIGHT = 14, TOP = 14, BOTTOM = 44;

// ---- descent in closed form

/** log|1 − αλ| with every digit, as the leap has it. */
const logDecay = (product) => Math.abs(product - 2) <= 1e-12 ? 0 : product > 1 ? Math.log1p(product - 2) : Math.log1p(-product);

/** The errors of all modes after k updates at rate alpha. */
function errors(course, alpha, k) {
  return course.errors.map((error, mode) => {
    if (error === 0 || k === 0) return error;
    const product = alpha * course.eigenvalues[mode];
    const sign = product > 1 && k % 2 === 1 ? -1 : 1;
    return sign * error * Math.exp(k * logDecay(product));
  });
}

/** Loss above its minimum after k updates, in the units of the file: 1/2·Σ λe². */
function gap(course, alpha, k) {
  const now = errors(course, alpha, k);
  return 0.5 * course.unit * now.reduce((sum, error, mode) => sum + course.eigenvalues[mode] * error * error, 0);
}

/** Where descent stands in the plane of the picture after k updates. */
function position(course, alpha, k) {
  const now = errors(course, alpha, k);
  return course.plane.right.map((row, axis) =>
    course.plane.optimum[axis] + row.reduce((sum, weight, mode) => sum + weight * now[mode], 0));
}

/** The largest |1 − αλ| among modes with something to descend: the factor an update leaves of the error in the end. */
function factor(course, alpha) {
  const decays = course.eigenvalues.filter((_, mode) => course.errors[mode] !== 0).map((value) => logDecay(alpha * value));
  return decays.length ? Math.exp(Math.max(...decays)) : 0;
}

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

/** What the lines and markers mean, under the chart. */
function legend(plot, entries) {
  const list = document.createElement("div");
  list.className = "legend tip";
  for (const entry of entries) {
    const item = document.createElement("span"), sample = document.createElementNS(SVG, "svg"), style = `c${entry.colour % 7}`;
    sample.setAttribute("viewBox", "0 0 28 10");
    if (entry.stroke !== "none") make("path", { d: "M0 5H28", class: `line ${style} ${entry.stroke}` }, sample);
    if (entry.marker !== "none") make("path", { d: SHAPES[entry.marker](3.2), transform: "translate(14 5)", class: `marker ${style} ${entry.marker}` }, sample);
    item.append(sample, entry.name);
    list.append(item);
  }
  plot.figure.insertBefore(list, plot.figure.querySelector("figcaption"));
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

// ---- the pictures

/** Numbers of updates to look at: all up to 100, then evenly on a log scale. */
function updates(last) {
  const shown = [];
  for (let k = 0; k <= Math.min(last, 100); k++) shown.push(k);
  for (let step = 1; step <= 160; step++) {
    const k = Math.round(100 * (last / 100) ** (step / 160));
    if (k > shown[shown.length - 1] && k <= last) shown.push(k);
  }
  return shown;
}

/** Contours of a quadratic: ellipses around the optimum, through the levels that the path crosses. */
function ellipses(plot, course) {
  const [first, second] = course.plane.modes;
  const most = gap({ ...course, errors: course.errors.map((error, mode) => mode === first || mode === second ? error : 0) }, 0, 0) || 1;
  for (let level = 0; level < 9; level++) {
    const height = most * 4 * 0.4 ** level / course.unit, points = [];
    for (let turn = 0; turn <= 72; turn++) {
      const now = course.errors.map(() => 0);
      now[first] = Math.sqrt(2 * height / course.eigenvalues[first]) * Math.cos(turn * Math.PI / 36);
      now[second] = Math.sqrt(2 * height / course.eigenvalues[second]) * Math.sin(turn * Math.PI / 36);
      points.push(course.plane.right.map((row, axis) => course.plane.optimum[axis] + row.reduce((sum, weight, mode) => sum + weight * now[mode], 0)));
    }
    const d = points.map(([x, y], number) => `${number ? "L" : "M"}${place(plot.x(x))} ${place(plot.y(y))}`).join("");
    make("path", { d, class: "contour" }, plot.group);
  }
}

/** The frame of the path: the start, the optimum, and as much room beyond it, for rates that overshoot. */
function pathFrame(course) {
  const start = position(course, 0, 0), goal = course.plane.optimum;
  const reach = [0, 1].map((axis) => Math.abs(start[axis] - goal[axis]));
  const least = Math.max(...reach) * 0.08 || 1;
  return [0, 1].map((axis) => { const half = 1.35 * Math.max(reach[axis], least); return [goal[axis] - half, goal[axis] + half]; });
}

/** The parabola of a problem with one mode, and descent jumping along it. */
function drawLine(figure, alpha) {
  const course = RUN.course, start = position(course, 0, 0)[0], goal = course.plane.optimum[0], half = 1.35 * Math.abs(start - goal) || 1;
  const high = gap(course, 0, 0) * 1.9 || 1;
  const plot = chart(figure, linear(goal - half, goal + half, ...area.x), linear(0, high, ...area.y), [course.plane.labels[0], "loss above its minimum"]);
  const along = (at) => 0.5 * course.unit * course.eigenvalues[0] * ((at - goal) / course.plane.right[0][0]) ** 2;
  line(plot, Array.from({ length: 121 }, (_, step) => goal - half + 2 * half * step / 120).map((at) => [at, along(at)]), "c6 dotted");
  const points = updates(horizon(course, alpha)).map((k) => [position(course, alpha, k)[0], gap(course, alpha, k), k]).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  line(plot, points, "c0", "path-line");
  dots(plot, points, "c0", 2.6);
  dots(plot, points.slice(0, 1), "c6 open", 5);
  hover(plot, points, ([x, y, k]) => `after ${counted(k)}: ${show(x, 6)}, ${show(y, 4)} above the minimum`);
}

function drawPath(figure, alpha) {
  const course = RUN.course, [across, up] = pathFrame(course);
  const plot = chart(figure, linear(...across, ...area.x), linear(...up, ...area.y), course.plane.labels);
  ellipses(plot, course);
  const points = updates(horizon(course, alpha)).map((k) => [...position(course, alpha, k), k]).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  line(plot, points, "c0", "path-line");
  dots(plot, points, "c0", 2.6);
  dots(plot, [position(course, 0, 0)], "c6 open", 5);
  make("path", { d: cross(plot.x(course.plane.optimum[0]), plot.y(course.plane.optimum[1])), class: "line c1" }, plot.group);
  hover(plot, points, ([x, y, k]) => `after ${counted(k)}: (${show(x, 6)}, ${show(y, 6)}), ${show(gap(course, alpha, k), 4)} above the minimum`);
}

const cross = (x, y) => `M${x - 5} ${y - 5}L${x + 5} ${y + 5}M${x - 5} ${y + 5}L${x + 5} ${y - 5}`;

/** Updates worth drawing at a rate: until the gap is 1e-16 of its start, or has grown as much as 1e12. */
function horizon(course, alpha) {
  const decay = Math.log(factor(course, alpha));
  if (decay === 0 || !Number.isFinite(decay)) return decay === 0 ? 100 : 2;
  return Math.min(1e12, Math.max(2, Math.ceil((decay < 0 ? -16 : 12) * Math.LN10 / (2 * decay))));
}

function drawRateLoss(figure, alpha) {
  const course = RUN.course, last = horizon(course, alpha);
  const points = updates(last).map((k) => [k, gap(course, alpha, k)]).filter(([, value]) => value > 0 && Number.isFinite(value));
  const start = gap(course, 0, 0) || 1;
  const high = Math.max(start, ...points.map(([, value]) => value));
  const plot = chart(figure, counts(last, ...area.x), logarithmic(Math.max(start * 1e-17, Number.MIN_VALUE * 1e8), high * 3, ...area.y), ["update k (log scale)", "loss above its minimum"]);
  line(plot, points, "c0", "loss-line");
  hover(plot, points, ([k, value]) => `after ${counted(k)}: ${show(value, 6)} above the minimum`);
}

/** Eigenvalues, and what an update at this rate leaves of the error in each mode. */
function drawSpectrum(figure, alpha) {
  const course = RUN.course, values = course.eigenvalues;
  const [low, high] = extent(values), [least, most] = [low / 1.6, high * 1.6];
  const top = Math.max(1.15, 1.05 * Math.abs(1 - alpha * high));
  const plot = chart(figure, logarithmic(least, most, ...area.x), linear(0, top, ...area.y), ["eigenvalue λ of the Hessian (log scale)", "|1 − αλ|"]);
  const curve = Array.from({ length: 200 }, (_, step) => least * (most / least) ** (step / 199));
  line(plot, curve.map((value) => [value, Math.abs(1 - alpha * value)]), "c0");
  make("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: plot.y(1), y2: plot.y(1), class: "line c1 dashed" }, plot.group);
  make("text", { x: LEFT + 6, y: plot.y(1) - 5 }, plot.group, "1: the error stays");
  const points = values.map((value, mode) => [value, Math.abs(1 - alpha * value), mode]);
  dots(plot, points, "c0", 4);
  hover(plot, points, ([value, share, mode]) => `mode ${mode + 1}: λ = ${show(value, 6)}, an update leaves ${show(share, 6)} of its error`);
}

/** A panel that comes as data: series, rules and arrows between two axes whose ends and ticks are given. */
function drawPanel(figure, panel) {
  const plot = chart(figure, ruled(panel.x, area.x), ruled(panel.y, area.y), [panel.x.title, panel.y.title]);
  const points = [];
  for (const series of panel.series) {
    const style = series.faint ? "faint" : `c${series.colour % 7}`, pairs = series.x.map((x, at) => [x, series.y[at]]);
    if (series.stroke !== "none") line(plot, pairs, `${style} ${series.stroke}`);
    if (series.marker !== "none") markers(plot, series.marked.map((at) => pairs[at]), style, series.marker, pairs.length > 200 ? 2 : 3.2);
    if (!series.faint) points.push(...pairs.map((pair) => [...pair, series.name]));
  }
  for (const arrow of panel.arrows) drawArrow(plot, arrow);
  for (const rule of panel.rules) drawRule(plot, rule);
  const named = [...panel.series, ...panel.rules.filter((rule) => rule.name).map((rule) => ({ ...rule, marker: "none" })),
    ...panel.arrows.map((arrow) => ({ ...arrow, stroke: "solid", marker: "none" }))].filter((entry) => entry.name && !entry.faint);
  legend(plot, named);
  hover(plot, points, ([x, y, name]) => `${name ? `${name}: ` : ""}${panel.x.title} ${show(x, 6)}, ${panel.y.title} ${show(y, 6)}`);
}

/** An axis as it was ruled: `low` and `high` are places on it, logarithms where it is logarithmic. */
function ruled(axis, ends) {
  const place = (value) => !axis.log ? value : value > 0 ? Math.log10(value) : value === 0 && axis.zero_at ? Math.log10(axis.zero_at) : NaN;
  const scale = (value) => value === null ? NaN : ends[0] + (place(value) - axis.low) / (axis.high - axis.low || 1) * (ends[1] - ends[0]);
  scale.ticks = axis.ticks.map(([value]) => value);
  scale.texts = axis.ticks.map(([, text]) => text);
  return scale;
}

const SHAPES = {
  circle: (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`,
  square: (r) => `M${-r} ${-r}H${r}V${r}H${-r}Z`,
  triangle: (r) => `M0 ${-1.2 * r}L${1.1 * r} ${r}H${-1.1 * r}Z`,
  down: (r) => `M0 ${1.2 * r}L${1.1 * r} ${-r}H${-1.1 * r}Z`,
  diamond: (r) => `M0 ${-1.3 * r}L${1.3 * r} 0L0 ${1.3 * r}L${-1.3 * r} 0Z`,
  cross: (r) => `M${-r} ${-r}L${r} ${r}M${-r} ${r}L${r} ${-r}`,
  plus: (r) => `M${-1.3 * r} 0H${1.3 * r}M0 ${-1.3 * r}V${1.3 * r}`,
  star: (r) => `M0 ${-1.6 * r}L${0.5 * r} ${-0.5 * r}L${1.6 * r} 0L${0.5 * r} ${0.5 * r}L0 ${1.6 * r}L${-0.5 * r} ${0.5 * r}L${-1.6 * r} 0L${-0.5 * r} ${-0.5 * r}Z`,
};

function markers(plot, pairs, style, marker, radius) {
  for (const [x, y] of pairs) {
    const [across, up] = [plot.x(x), plot.y(y)];
    if (Number.isFinite(across) && Number.isFinite(up)) make("path", { d: SHAPES[marker](radius), transform: `translate(${place(across)} ${place(up)})`, class: `marker ${style} ${marker}` }, plot.group);
  }
}

function drawRule(plot, rule) {
  const at = rule.x === null ? plot.y(rule.y) : plot.x(rule.x);
  if (!Number.isFinite(at)) return;
  const ends = rule.x === null ? { x1: LEFT, x2: WIDTH - RIGHT, y1: at, y2: at } : { x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM };
  make("line", { ...ends, class: `line c${rule.colour % 7} ${rule.stroke}` }, plot.group);
}

function drawArrow(plot, arrow) {
  const [x1, y1, x2, y2] = [plot.x(arrow.start[0]), plot.y(arrow.start[1]), plot.x(arrow.end[0]), plot.y(arrow.end[1])];
  if (![x1, y1, x2, y2].every(Number.isFinite)) return;
  const turn = Math.atan2(y2 - y1, x2 - x1) * 180 / Math.PI, style = `c${arrow.colour % 7}`;
  make("line", { x1, y1, x2, y2, class: `line ${style}` }, plot.group);
  make("path", { d: "M0 0L-10 4V-4Z", transform: `translate(${x2} ${y2}) rotate(${turn})`, class: `marker ${style}` }, plot.group);
}

// ---- the slider

function setUpRate() {
  const course = RUN.course, slider = document.getElementById("rate-slider"), field = document.getElementById("rate-field");
  const edge = course.stable, [low, high] = [Math.log(edge * 1e-4), Math.log(edge * 1.25)];
  const rateAt = (place) => Math.exp(low + (high - low) * place / 1000);
  const placeOf = (rate) => 1000 * (Math.log(rate) - low) / (high - low);
  const draw = (alpha) => {
    (course.plane.labels.length === 2 ? drawPath : drawLine)(document.getElementById("path"), alpha);
    drawRateLoss(document.getElementById("rate-loss"), alpha);
    drawSpectrum(document.getElementById("spectrum"), alpha);
    tell(course, alpha);
  };
  const set = (alpha) => { field.value = String(alpha); slider.value = placeOf(alpha); draw(alpha); };
  slider.addEventListener("input", () => { const alpha = Number(rateAt(Number(slider.value)).toPrecision(4)); field.value = String(alpha); draw(alpha); });
  field.addEventListener("change", () => { const alpha = Number(field.value); if (alpha > 0 && Number.isFinite(alpha)) set(alpha); else field.value = String(rateAt(Number(slider.value))); });
  for (const button of document.querySelectorAll("[data-rate]")) button.addEventListener("click", () => set(Number(button.dataset.rate)));
  set(course.rate);
}

function tell(course, alpha) {
  const shrinks = factor(course, alpha), verdict = document.getElementById("rate-verdict");
  const kind = Math.abs(shrinks - 1) <= 1e-12 ? "edge" : shrinks > 1 ? "diverges" : "converges";
  verdict.className = `verdict ${kind}`;
  const digit = Math.LN10 / -Math.log(shrinks);
  verdict.textContent = kind === "edge" ? "the stability limit: the error of the steepest mode oscillates and does not shrink"
    : kind === "diverges" ? `diverges: the error grows by a factor of ${show(shrinks, 5)} an update`
    : shrinks === 0 ? "converges: every mode is done after one update"
    : `converges: the error shrinks by a factor of ${show(shrinks, 6)} an update, ${show(digit, 3)} updates for each further digit`;
  const k = RUN.record.iterations;
  document.getElementById("rate-after").textContent = `after ${counted(k)}, as many as the run took: ${show(gap(course, alpha, k), 6)} above the minimum of the loss`;
}

for (const panel of RUN.panels) drawPanel(document.getElementById(panel.id), panel);
if (RUN.course) setUpRate();
window.gdsolve = { run: RUN, gap, position, errors, factor };
