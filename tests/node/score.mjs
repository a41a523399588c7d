// Scores an export of `modelwright export … --to onnx` in JavaScript, in Node or a browser.
//
//   node score.mjs FOLDER
//
// runs the rows of test.json through model.onnx, calibrates them, and compares with the recorded answers.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as ort from "onnxruntime-web";

ort.env.wasm.numThreads = 1;

// ---- the graph ------------------------------------------------------------------------------------------------------

/** Opens the export in a folder. */
export async function open(folder) {
  const session = await ort.InferenceSession.create(readFileSync(join(folder, "model.onnx")));
  return { session, facts: JSON.parse(readFileSync(join(folder, "model.json"), "utf8")) };
}

/** Turns columns of values (null is missing) into the tensors that the graph reads, by name of the input. */
export function tensors(facts, columns) {
  const feeds = {};
  for (const input of facts.inputs) {
    const values = columns[input.name] ?? columns[input.column];
    feeds[input.name] =
      input.type === "double"
        ? new ort.Tensor("float64", Float64Array.from(values, (v) => v ?? NaN), [values.length, 1])
        : new ort.Tensor("string", values.map((v) => text(input, v)), [values.length, 1]);
  }
  return feeds;
}

function text(input, value) {
  if (value === null) return input.missing;
  return input.lower ? Array.from(value).slice(0, 5000).join("").toLowerCase() : value;
}

/** Returns predictions before calibration: an array of numbers for each row. */
export async function run({ session, facts }, columns) {
  const { data, dims } = (await session.run(tensors(facts, columns)))[facts.output.name];
  return Array.from({ length: dims[0] }, (_, i) => Array.from(data.slice(i * dims[1], (i + 1) * dims[1])));
}

// ---- calibration ----------------------------------------------------------------------------------------------------

const LIMIT = 14; // logarithms go on from there with a small slope
const softly = (v) => {
  const inside = Math.min(Math.max(v, -LIMIT), LIMIT);
  return inside + 1e-3 * (v - inside);
};
const log = (p) => Math.log(Math.max(p, 1e-300));
const logOdds = (row) => softly(log(row[1]) - log(row[0]));
const logs = (row) => row.map((p) => softly(log(p)));

function two(odds) {
  const small = Math.exp(-Math.abs(odds));
  const [likely, unlikely] = [1 / (1 + small), small / (1 + small)];
  return odds >= 0 ? [unlikely, likely] : [likely, unlikely];
}

function softmax(scores) {
  const highest = Math.max(...scores);
  const powers = scores.map((s) => Math.exp(s - highest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

function between(x, xs, ys) {
  if (x <= xs[0]) return ys[0];
  if (x >= xs[xs.length - 1]) return ys[ys.length - 1];
  let j = 0;
  while (xs[j + 1] <= x) j += 1;
  return ((ys[j + 1] - ys[j]) / (xs[j + 1] - xs[j])) * (x - xs[j]) + ys[j];
}

const CALIBRATORS = {
  identity: () => (row) => row,
  temperature: ({ slope }) => (row) =>
    row.length === 2 ? two(slope * logOdds(row)) : softmax(logs(row).map((v) => slope * v)),
  sigmoid: ({ slope, offset }) => (row) => two(slope * logOdds(row) + offset),
  beta: ({ a, b, c }) => (row) => {
    const [no, yes] = logs(row);
    return two(a * yes - b * no + c);
  },
  isotonic: ({ x, y }) => (row) => {
    const event = between(row[1], x, y);
    return [1 - event, event];
  },
  vector: ({ slopes, offsets }) => (row) => softmax(logs(row).map((v, k) => v * slopes[k] + offsets[k])),
};

/** Returns the function that calibrates one row, from `calibrator` of model.json. */
export function calibration(stated) {
  return stated === null ? (row) => row : CALIBRATORS[stated.kind](stated);
}

/** Returns the answer for one calibrated row: the name of the class, or the value. */
export function label(facts, row) {
  if (!facts.classes.length) return row[0];
  if (facts.classes.length === 2) return facts.classes[row[1] >= facts.threshold ? 1 : 0];
  return facts.classes[row.indexOf(Math.max(...row))];
}

// ---- the test -------------------------------------------------------------------------------------------------------

function difference(got, expected) {
  let worst = 0;
  got.forEach((row, i) =>
    row.forEach((value, k) => {
      const apart = Math.abs(value - expected[i][k]) / Math.max(1, Math.abs(expected[i][k]));
      worst = apart <= worst ? worst : apart; // NaN is the worst
    }),
  );
  return worst;
}

async function main(folder) {
  const model = await open(folder);
  const test = JSON.parse(readFileSync(join(folder, "test.json"), "utf8"));
  const calibrate = calibration(model.facts.calibrator);
  const uncalibrated = await run(model, test.inputs);
  const calibrated = uncalibrated.map(calibrate);
  // and one row at a time, its texts brought to lower case here
  const alone = [];
  for (const i of test.about.keys()) {
    const row = Object.fromEntries(model.facts.inputs.map((one) => [one.name, [raw(model.facts, test, one, i)]]));
    alone.push(...(await run(model, row)));
  }
  const answers = calibrated.map((row) => label(model.facts, row));
  const labels = model.facts.classes.length
    ? answers.filter((answer, i) => answer !== test.answers.prediction[i]).length
    : 0;
  const told = {
    rows: answers.length,
    uncalibrated: difference(uncalibrated, test.uncalibrated),
    alone: difference(alone, test.uncalibrated),
    calibrated: difference(calibrated, test.calibrated),
    labels,
  };
  console.log(JSON.stringify(told));
  return [told.uncalibrated, told.alone, told.calibrated].every((d) => d <= 1e-6) && labels === 0;
}

function raw(facts, test, input, i) {
  const whole = input.lower ? facts.inputs.find((one) => one.column === input.column && !one.lower) : input;
  return test.inputs[whole.name][i];
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exit((await main(process.argv[2])) ? 0 : 1);
}
