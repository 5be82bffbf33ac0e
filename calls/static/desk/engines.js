/* The plots of who hears best, with the axes and colours of plots.js. The tables beside them say the same. */
"use strict";

function engineColours(desk) {
  const style = getComputedStyle(desk);
  return ["--a", "--b", "--good", "--bad"].map((name) => style.getPropertyValue(name).trim());
}

function errorBars(engines, colour) {
  return (plot) => {
    const { ctx } = plot;
    const half = 6 * devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = colour.ink;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.beginPath();
    engines.forEach((engine, i) => {
      const [, low, high] = engine.wer;
      if (low === null || high === null) return;
      const x = plot.valToPos(i + 1, "x", true);
      const ends = [low, high].map((value) => plot.valToPos(value, "y", true));
      ctx.moveTo(x, ends[0]);
      ctx.lineTo(x, ends[1]);
      ends.forEach((y) => {
        ctx.moveTo(x - half, y);
        ctx.lineTo(x + half, y);
      });
    });
    ctx.stroke();
    ctx.restore();
  };
}

function wordErrors(place, data, colour) {
  const { engines } = data;
  if (!engines.some((engine) => engine.wer[0] !== null)) return null;
  const top = Math.max(1, ...engines.flatMap((engine) => engine.wer).filter((value) => value !== null));
  return new uPlot(
    {
      ...size(place),
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: [0.4, engines.length + 0.6] }, y: { range: [0, 1.1 * top] } },
      axes: [
        axis(colour, data.words.engine, { splits: () => engines.map((_, i) => i + 1), values: (_, at) => at }),
        axis(colour, data.words.wer, { size: 44 }),
      ],
      series: [
        {},
        { stroke: colour.b, fill: `${colour.b}55`, paths: uPlot.paths.bars({ size: [0.5, 60] }), points: { show: false } },
      ],
      hooks: { draw: [errorBars(engines, colour)] },
    },
    [engines.map((_, i) => i + 1), engines.map((engine) => engine.wer[0])],
    place,
  );
}

const DASHES = [undefined, [6, 3], [2, 3], [12, 3], [12, 3, 2, 3], [6, 3, 2, 3]];

function finals(place, data, colour, several) {
  const known = data.engines.filter((engine) => engine.finals.length === data.shares.length);
  if (!known.length) return null;
  return new uPlot(
    {
      ...size(place),
      legend: { live: false },
      scales: { x: { time: false } },
      axes: [axis(colour, data.words.share), axis(colour, data.words.final, { size: 56 })],
      series: [
        {},
        ...known.map((engine, i) => ({
          label: engine.label,
          stroke: several[i % several.length],
          width: 2,
          // Colours come again: then the dashes are others.
          dash: DASHES[((i % 2) + 2 * Math.floor(i / several.length)) % DASHES.length],
          points: { show: false },
        })),
      ],
    },
    [data.shares, ...known.map((engine) => engine.finals)],
    place,
  );
}

document.addEventListener("DOMContentLoaded", () => {
  const source = document.getElementById("engine-plots");
  const desk = document.querySelector(".desk");
  if (!source || !desk) return;
  const data = JSON.parse(source.textContent);
  const places = [document.getElementById("word-errors"), document.getElementById("finals")];
  let drawn = [];
  const draw = () => {
    drawn.forEach((plot) => plot && plot.destroy());
    const colour = colours(desk);
    drawn = [wordErrors(places[0], data, colour), finals(places[1], data, colour, engineColours(desk))];
    desk.dataset.plots = drawn.filter(Boolean).length;
  };
  draw();
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new ResizeObserver(() => drawn.forEach((plot, i) => plot && plot.setSize(size(places[i])))).observe(desk);
});
