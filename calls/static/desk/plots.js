/* The desk's two plots. The numbers stand in the page as JSON; the tables beside them say the same. */
"use strict";

const HEIGHT = 240;

function colours(desk) {
  const style = getComputedStyle(desk);
  const of = (name) => style.getPropertyValue(name).trim();
  return { a: of("--a"), b: of("--b"), ink: of("--body-fg"), grid: of("--hairline-color") };
}

function axis(colour, label, more) {
  return {
    stroke: colour.ink,
    grid: { stroke: colour.grid, width: 1 },
    ticks: { stroke: colour.grid, width: 1 },
    label,
    labelSize: 22,
    ...more,
  };
}

function size(place) {
  return { width: Math.max(240, place.clientWidth), height: HEIGHT };
}

function distribution(place, data, colour) {
  const slots = Math.max(data.distribution[0].length, data.distribution[1].length);
  if (!slots) return null;
  const at = Array.from({ length: slots }, (_, i) => i * data.slot_ms);
  const percent = data.distribution.map((side) => at.map((_, i) => (side.length ? 100 * side[i] : null)));
  const steps = uPlot.paths.stepped({ align: 1 });
  return new uPlot(
    {
      ...size(place),
      legend: { live: false },
      scales: { x: { time: false } },
      axes: [axis(colour, data.words.final), axis(colour, data.words.share, { size: 44 })],
      series: [
        {},
        { label: data.a, stroke: colour.a, width: 2, paths: steps, points: { show: false } },
        { label: data.b, stroke: colour.b, width: 2, dash: [6, 3], paths: steps, points: { show: false } },
      ],
    },
    [at, ...percent],
    place,
  );
}

function overTime(place, data, colour) {
  const times = [...new Set(data.over_time.flat().map((point) => point[0]))].sort((x, y) => x - y);
  if (!times.length) return null;
  const series = [{}];
  const rows = [times];
  data.over_time.forEach((points, side) => {
    const known = new Map(points.map((point) => [point[0], point]));
    ["p50", "p95"].forEach((name, i) => {
      rows.push(times.map((at) => (known.has(at) ? known.get(at)[i + 1] : null)));
      series.push({
        label: `${side ? data.b : data.a} ${name}`,
        stroke: side ? colour.b : colour.a,
        width: i ? 1 : 2,
        dash: i ? [4, 4] : undefined,
        points: { show: true, size: 5 },
        spanGaps: true,
      });
    });
  });
  // The pages' clock, not the browser's.
  const clock = (s) => uPlot.tzDate(new Date(s * 1000), data.zone);
  const format = uPlot.fmtDate(data.daily ? "{DD}.{MM}" : "{HH}:{mm}");
  const margin = data.daily ? 43200 : 300;
  return new uPlot(
    {
      ...size(place),
      legend: { live: false },
      tzDate: clock,
      scales: { x: { range: (_, low, high) => [low - margin, high + margin] } },
      axes: [
        axis(colour, data.words.time, { space: 70, values: (_, at) => at.map((s) => format(clock(s))) }),
        axis(colour, "ms", { size: 52 }),
      ],
      series,
    },
    rows,
    place,
  );
}

document.addEventListener("DOMContentLoaded", () => {
  const source = document.getElementById("plots");
  const desk = document.querySelector(".desk");
  if (!source || !desk) return;
  const data = JSON.parse(source.textContent);
  const places = [document.getElementById("distribution"), document.getElementById("over-time")];
  let drawn = [];
  const draw = () => {
    drawn.forEach((plot) => plot && plot.destroy());
    const colour = colours(desk);
    drawn = [distribution(places[0], data, colour), overTime(places[1], data, colour)];
    desk.dataset.plots = drawn.filter(Boolean).length;
  };
  draw();
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new ResizeObserver(() => drawn.forEach((plot, i) => plot && plot.setSize(size(places[i])))).observe(desk);
});
