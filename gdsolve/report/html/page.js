
// ---- the pictures

const EVERY = 2000; // Updates of which each one is drawn: later ones are as good as on top of each other.

/** Numbers of updates to look at: the first ones all, then evenly on a log scale. */
function updates(last, every = 100) {
  const shown = [];
  for (let k = 0; k <= Math.min(last, every); k++) shown.push(k);
  for (let step = 1; step <= 160; step++) {
    const k = Math.round(every * (last / every) ** (step / 160));
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

/** The parabola of a problem with one mode. */
function lineChart(figure, course) {
  const start = position(course, 0, 0)[0], goal = course.plane.optimum[0], half = 1.35 * Math.abs(start - goal) || 1;
  const high = gap(course, 0, 0) * 1.9 || 1;
  const plot = chart(figure, linear(goal - half, goal + half, ...area.x), linear(0, high, ...area.y), [course.plane.labels[0], "loss above its minimum"]);
  const along = (at) => 0.5 * course.unit * course.eigenvalues[0] * ((at - goal) / course.plane.right[0][0]) ** 2;
  line(plot, Array.from({ length: 121 }, (_, step) => goal - half + 2 * half * step / 120).map((at) => [at, along(at)]), "c6 dotted");
  return plot;
}

const MOST_UNLIKE = 25; // Axes are alike unless one would be shorter than a line is thick.

/** Contours around the optimum; a step across looks as long as one upwards wherever both fit. */
function planeChart(figure, course) {
  const frame = pathFrame(course), sizes = [area.x[1] - area.x[0], area.y[0] - area.y[1]];
  const scales = frame.map(([low, high], axis) => (high - low) / sizes[axis]), alike = Math.max(...scales) <= MOST_UNLIKE * Math.min(...scales);
  const [across, up] = frame.map(([low, high], axis) => {
    const half = alike ? Math.max(...scales) * sizes[axis] / 2 : (high - low) / 2;
    return [(low + high) / 2 - half, (low + high) / 2 + half];
  });
  const plot = chart(figure, linear(...across, ...area.x), linear(...up, ...area.y), course.plane.labels);
  ellipses(plot, course);
  make("path", { d: cross(plot.x(course.plane.optimum[0]), plot.y(course.plane.optimum[1])), class: "line c1" }, plot.group);
  return plot;
}

/** The path through every update, and where it stands: a picture that can be walked. */
function drawPath(figure, alpha, motion) {
  const course = RUN.course, flat = course.plane.labels.length !== 2;
  const plot = flat ? lineChart(figure, course) : planeChart(figure, course);
  const scale = Math.max(...[...course.plane.optimum, ...position(course, 0, 0)].map(Math.abs));
  const rounded = (value) => Math.abs(value) < 1e-13 * scale ? 0 : value;
  const place = (k) => flat ? [position(course, alpha, k, motion)[0], gap(course, alpha, k, motion)] : position(course, alpha, k, motion).map(rounded);
  const points = updates(horizon(course, alpha, motion), EVERY).map((k) => [...place(k), k]).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  line(plot, points, "c0", "path-line");
  dots(plot, points.filter(([, , k], number) => k <= 100 || number % 20 === 0), "c0", 2.6);
  dots(plot, points.slice(0, 1), "c6 open", 5);
  hover(plot, points, ([x, y, k]) => flat ? `after ${counted(k)}: ${show(x, 6)}, ${show(y, 4)} above the minimum`
    : `after ${counted(k)}: (${show(x, 6)}, ${show(y, 6)}), ${show(gap(course, alpha, k, motion), 4)} above the minimum`);
  return { points, marker: make("circle", { r: 6, class: "dot c1 walker", visibility: "hidden" }, plot.group), plot };
}

const cross = (x, y) => `M${x - 5} ${y - 5}L${x + 5} ${y + 5}M${x - 5} ${y + 5}L${x + 5} ${y - 5}`;

/** Updates worth drawing at a rate: until the gap is 1e-16 of its start, or has grown as much as 1e12. */
function horizon(course, alpha, motion) {
  const decay = Math.log(factor(course, alpha, motion));
  if (decay === 0 || !Number.isFinite(decay)) return decay === 0 ? 100 : 2;
  return Math.min(1e12, Math.max(2, Math.ceil((decay < 0 ? -16 : 12) * Math.LN10 / (2 * decay))));
}

function drawRateLoss(figure, alpha, motion) {
  const course = RUN.course, last = horizon(course, alpha, motion);
  const points = updates(last).map((k) => [k, gap(course, alpha, k, motion)]).filter(([, value]) => value > 0 && Number.isFinite(value));
  const start = gap(course, 0, 0) || 1;
  const high = Math.max(start, ...points.map(([, value]) => value));
  const plot = chart(figure, counts(last, ...area.x), logarithmic(Math.max(start * 1e-17, Number.MIN_VALUE * 1e8), high * 3, ...area.y), ["update k (log scale)", "loss above its minimum"]);
  line(plot, points, "c0", "loss-line");
  hover(plot, points, ([k, value]) => `after ${counted(k)}: ${show(value, 6)} above the minimum`);
}

/** Eigenvalues, and what an update at this rate leaves of the error in each mode in the long run. */
function drawSpectrum(figure, alpha, motion) {
  const course = RUN.course, values = course.eigenvalues, share = (value) => lasting(motion, alpha * value);
  const [low, high] = extent(values), [least, most] = [low / 1.6, high * 1.6];
  const top = Math.max(1.15, 1.05 * share(high));
  const plot = chart(figure, logarithmic(least, most, ...area.x), linear(0, top, ...area.y),
    ["eigenvalue λ of the Hessian (log scale)", motion.beta === 0 ? "|1 − αλ|" : "factor of an update"]);
  const curve = Array.from({ length: 200 }, (_, step) => least * (most / least) ** (step / 199));
  line(plot, curve.map((value) => [value, share(value)]), "c0");
  make("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: plot.y(1), y2: plot.y(1), class: "line c1 dashed" }, plot.group);
  make("text", { x: LEFT + 6, y: plot.y(1) - 5 }, plot.group, "1: the error stays");
  const points = values.map((value, mode) => [value, share(value), mode]);
  dots(plot, points, "c0", 4);
  hover(plot, points, ([value, left, mode]) => `mode ${mode + 1}: λ = ${show(value, 6)}, an update leaves ${show(left, 6)} of its error`);
}

// ---- the controls

const found = (id) => document.getElementById(id);

/** Walks the iterates: a marker on the path, and what is told of where it stands. */
function walker() {
  const bar = found("walk-slider"), button = found("walk-play"), told = found("walk-told");
  let path = null, alpha = 0, motion = PLAIN, timer = null;
  const stop = () => { window.clearTimeout(timer); timer = null; button.textContent = "▶ play"; };
  const stand = (number) => {
    const [x, y, k] = path.points[number];
    path.marker.setAttribute("cx", place(path.plot.x(x)));
    path.marker.setAttribute("cy", place(path.plot.y(y)));
    path.marker.setAttribute("visibility", "visible");
    bar.value = number;
    told.textContent = `after ${counted(k)}: ${show(gap(RUN.course, alpha, k, motion), 4)} above the minimum`;
  };
  // Slowly while each step can be seen, and all of it within some seconds.
  const pause = (number) => number < 12 ? 300 : 40;
  const stride = (number) => number < 12 ? 1 : Math.max(1, Math.ceil(path.points.length / 120));
  const go = () => {
    const last = path.points.length - 1, next = Math.min(last, Number(bar.value) + stride(Number(bar.value)));
    stand(next);
    if (next === last) stop(); else timer = window.setTimeout(go, pause(next));
  };
  button.addEventListener("click", () => {
    if (timer !== null) { stop(); return; }
    button.textContent = "❚❚ pause";
    stand(Number(bar.value) >= path.points.length - 1 ? 0 : Number(bar.value));
    timer = window.setTimeout(go, 300);
  });
  bar.addEventListener("input", () => { stop(); stand(Number(bar.value)); });
  return (next, rate, move) => { stop(); [path, alpha, motion] = [next, rate, move]; bar.max = path.points.length - 1; bar.value = 0; told.textContent = ""; };
}

function setUpRate() {
  const course = RUN.course, slider = found("rate-slider"), field = found("rate-field");
  const beta = found("momentum-slider"), betaField = found("momentum-field"), kinds = [...document.querySelectorAll("[name=method]")];
  const walk = walker();
  const motionNow = () => {
    const kind = kinds.find((one) => one.checked).value;
    return { kind, beta: kind === "gd" ? 0 : Number(betaField.value) };
  };
  const ends = () => [1e-4, 1.25].map((share) => Math.log(share * stableRate(course, motionNow())));
  const rateAt = (place) => { const [low, high] = ends(); return Number(Math.exp(low + (high - low) * place / 1000).toPrecision(4)); };
  const placeOf = (rate) => { const [low, high] = ends(); return 1000 * (Math.log(rate) - low) / (high - low); };
  const draw = (alpha) => {
    const motion = motionNow();
    walk(drawPath(found("rate-path"), alpha, motion), alpha, motion);
    drawRateLoss(found("rate-loss"), alpha, motion);
    drawSpectrum(found("rate-spectrum"), alpha, motion);
    tell(course, alpha, motion);
  };
  const set = (alpha) => { field.value = String(alpha); slider.value = placeOf(alpha); draw(alpha); };
  const move = () => {
    for (const one of [beta, betaField]) one.disabled = motionNow().kind === "gd";
    found("momentum").hidden = motionNow().kind === "gd";
    set(Number(field.value));
  };
  const setBeta = (value) => { betaField.value = String(value); beta.value = value; move(); };
  slider.addEventListener("input", () => { const alpha = rateAt(Number(slider.value)); field.value = String(alpha); draw(alpha); });
  field.addEventListener("change", () => { const alpha = Number(field.value); if (alpha > 0 && Number.isFinite(alpha)) set(alpha); else field.value = String(rateAt(Number(slider.value))); });
  beta.addEventListener("input", () => setBeta(Number(beta.value)));
  betaField.addEventListener("change", () => { const value = Number(betaField.value); setBeta(value >= 0 && value < 1 ? value : Number(beta.value)); });
  for (const one of kinds) one.addEventListener("change", move);
  const rates = { run: () => course.rate, best: () => bestRate(course, motionNow()), stable: () => stableRate(course, motionNow()), beyond: () => 1.1 * stableRate(course, motionNow()) };
  for (const button of document.querySelectorAll("[data-rate]")) {
    button.addEventListener("click", () => {
      if (button.dataset.rate === "run") { kinds.find((one) => one.value === course.method).checked = true; setBeta(course.momentum ?? Number(betaField.value)); }
      set(rates[button.dataset.rate]());
    });
  }
  kinds.find((one) => one.value === course.method).checked = true;
  field.value = String(course.rate);
  setBeta(course.momentum ?? 0.9);
}

function tell(course, alpha, motion) {
  const shrinks = factor(course, alpha, motion), verdict = found("rate-verdict");
  const kind = Math.abs(shrinks - 1) <= 1e-12 ? "edge" : shrinks > 1 ? "diverges" : "converges";
  verdict.className = `verdict ${kind}`;
  const digit = Math.LN10 / -Math.log(shrinks);
  verdict.textContent = kind === "edge" ? "the stability limit: the error of the steepest mode oscillates and does not shrink"
    : kind === "diverges" ? `diverges: the error grows by a factor of ${show(shrinks, 5)} an update`
    : shrinks === 0 ? "converges: every mode is done after one update"
    : `converges: the error shrinks by a factor of ${show(shrinks, 6)} an update, ${show(digit, 3)} updates for each further digit`;
  found("rate-limit").textContent = `stable below ${show(stableRate(course, motion), 6)}, fastest at ${show(bestRate(course, motion), 6)}`;
  const k = RUN.record.iterations;
  found("rate-after").textContent = `after ${counted(k)}, as many as the run took: ${show(gap(course, alpha, k, motion), 6)} above the minimum of the loss`;
}

if (RUN.course) setUpRate();
window.gdsolve = { run: RUN, gap, position, errors, factor, bestRate, stableRate };
