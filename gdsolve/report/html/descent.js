"use strict";
// The page of one run. Every curve of the learning rate is computed here, in closed form, from the spectrum: in mode i
// the error after k updates is e_i·(1 − αλ_i)^k (Nesterov, Introductory Lectures, 1.2.3); with momentum it is a
// recurrence r² − t·r + c of two roots (Polyak, Introduction to Optimization, 3.2.1).

const RUN = JSON.parse(document.getElementById("run").textContent);
const SVG = "http://www.w3.org/2000/svg";
const PLAIN = { kind: "gd", beta: 0 };

// ---- descent in closed form

/** log|1 − αλ| with every digit, as the leap has it. */
const logDecay = (product) => Math.abs(product - 2) <= 1e-12 ? 0 : product > 1 ? Math.log1p(product - 2) : Math.log1p(-product);

/** What an update makes of the errors of a mode: e_(k+1) = t·e_k − c·e_(k−1), with `stretch` = αλ and e_(−1) = e_0. */
function recurrence(motion, stretch) {
  if (motion.kind === "nesterov") return [(1 + motion.beta) * (1 - stretch), motion.beta * (1 - stretch)];
  return [1 + motion.beta - stretch, motion.beta];
}

/** The αλ below which a mode is stable. */
const stableStretch = (motion) => 2 * (1 + motion.beta) / (motion.kind === "nesterov" ? 1 + 2 * motion.beta : 1);

/** base^k for a base of any sign, which keeps its digits where the base is near 1. */
const power = (base, k) => base === 0 ? (k === 0 ? 1 : 0) : (base < 0 && k % 2 === 1 ? -1 : 1) * Math.exp(k * Math.log(Math.abs(base)));

/** What is left of an error of 1 after k updates with momentum. */
function left(motion, stretch, k) {
  const [t, c] = recurrence(motion, stretch), first = t - c, discriminant = t * t - 4 * c;
  if (k === 0) return 1;
  if (discriminant < 0) {
    const radius = Math.sqrt(c), angle = Math.atan2(Math.sqrt(-discriminant), t);
    return Math.exp(k * Math.log(radius)) * (Math.cos(k * angle) + (first / radius - Math.cos(angle)) / Math.sin(angle) * Math.sin(k * angle));
  }
  const root = Math.sqrt(discriminant), [one, other] = [(t + root) / 2, (t - root) / 2];
  if (root < 1e-9) return power(t / 2, k) * (1 + k * (t === 0 ? 0 : first / (t / 2) - 1));
  return ((first - other) * power(one, k) - (first - one) * power(other, k)) / root;
}

/** The factor by which an update shrinks the error of a mode in the long run: the larger root of its recurrence. */
function lasting(motion, stretch) {
  if (motion.beta === 0) return Math.exp(logDecay(stretch));
  if (Math.abs(stretch - stableStretch(motion)) <= 1e-12) return 1;
  const [t, c] = recurrence(motion, stretch), discriminant = t * t - 4 * c;
  return discriminant < 0 ? Math.sqrt(c) : (Math.abs(t) + Math.sqrt(discriminant)) / 2;
}

/** The errors of all modes after k updates at rate alpha. */
function errors(course, alpha, k, motion = PLAIN) {
  return course.errors.map((error, mode) => {
    if (error === 0 || k === 0) return error;
    const stretch = alpha * course.eigenvalues[mode];
    if (motion.beta > 0) return error * left(motion, stretch, k);
    const sign = stretch > 1 && k % 2 === 1 ? -1 : 1;
    return sign * error * Math.exp(k * logDecay(stretch));
  });
}

/** Loss above its minimum after k updates, in the units of the file: 1/2·Σ λe². */
function gap(course, alpha, k, motion = PLAIN) {
  const now = errors(course, alpha, k, motion);
  return 0.5 * course.unit * now.reduce((sum, error, mode) => sum + course.eigenvalues[mode] * error * error, 0);
}

/** Where descent stands in the plane of the picture after k updates. */
function position(course, alpha, k, motion = PLAIN) {
  const now = errors(course, alpha, k, motion);
  return course.plane.right.map((row, axis) =>
    course.plane.optimum[axis] + row.reduce((sum, weight, mode) => sum + weight * now[mode], 0));
}

/** The largest of these factors among modes with something to descend: what an update leaves of the error in the end. */
function factor(course, alpha, motion = PLAIN) {
  const found = course.eigenvalues.filter((_, mode) => course.errors[mode] !== 0).map((value) => lasting(motion, alpha * value));
  return found.length ? Math.max(...found) : 0;
}

/** The rate below which descent is stable, and the fastest one. */
const stableRate = (course, motion) => stableStretch(motion) / Math.max(...course.eigenvalues);
function bestRate(course, motion) {
  if (motion.beta === 0) return course.best;
  // The factor falls and then rises: a golden section between the ends of the stable rates.
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [0, stableRate(course, motion)];
  for (let step = 0; step < 100; step++) {
    const [one, other] = [high - golden * (high - low), low + golden * (high - low)];
    if (factor(course, one, motion) <= factor(course, other, motion)) high = other; else low = one;
  }
  // Where all modes swing the factor is the same for many rates: just within, and not just before.
  return Number((high * (1 + 1e-5)).toPrecision(6));
}
