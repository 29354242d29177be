// Charts from the data beside them: bars, and a line over them. Colours are those of the page, and change with its theme.
(function () {
  "use strict";
  if (!window.Chart) return;
  const made = [];
  // A ring of parts: its first bar's values, each part in a tone of its own.
  function round(given, colour) {
    const tones = ["a", "b", "c", "d", "e", "quiet"];
    const parts = given.labels.map((label, place) => colour("chart-" + tones[Math.min(place, tones.length - 1)]));
    return {
      type: "doughnut",
      data: { labels: given.labels, datasets: [{ label: given.bars[0].label, data: given.bars[0].values, backgroundColor: parts, borderColor: colour("paper") }] },
      options: { responsive: true, maintainAspectRatio: false, cutout: "62%", plugins: { legend: { position: "bottom", labels: { boxWidth: 12, boxHeight: 12 } } } },
    };
  }
  function draw() {
    made.splice(0).forEach((chart) => chart.destroy());
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue("--" + name).trim();
    Chart.defaults.color = colour("soft");
    Chart.defaults.borderColor = colour("line");
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.animation = false;
    Chart.defaults.locale = "ru";
    document.querySelectorAll("canvas[data-chart]").forEach((canvas) => {
      const given = JSON.parse(canvas.dataset.chart);
      if (given.round) {
        made.push(new Chart(canvas, round(given, colour)));
        return;
      }
      const datasets = given.bars.map((bar) => ({
        type: "bar", label: bar.label, data: bar.values, backgroundColor: colour("chart-" + bar.tone), borderRadius: 2, maxBarThickness: 28, yAxisID: "y", order: 2,
      }));
      if (given.line) {
        datasets.push({
          type: "line", label: given.line.label, data: given.line.values, borderColor: colour("ink"), backgroundColor: colour("ink"),
          borderWidth: 2, pointRadius: 2, spanGaps: true, yAxisID: "share", order: 1,
        });
      }
      const across = Boolean(given.across);
      const scales = {
        x: { stacked: true, grid: { display: across }, beginAtZero: true, ticks: { maxRotation: 0, autoSkip: !across } },
        y: { stacked: true, grid: { display: !across }, beginAtZero: true, ticks: { precision: 0, autoSkip: !across } },
      };
      if (given.line) scales.share = { position: "right", min: 0, max: 100, grid: { display: false }, ticks: { callback: (value) => value + " %" } };
      if (across) datasets.forEach((dataset) => { delete dataset.yAxisID; });
      made.push(new Chart(canvas, {
        data: { labels: given.labels, datasets },
        options: {
          indexAxis: across ? "y" : "x", responsive: true, maintainAspectRatio: false, interaction: { mode: "index", intersect: false },
          plugins: { legend: { display: datasets.length > 1, position: "bottom", reverse: false, labels: { boxWidth: 12, boxHeight: 12, sort: (one, other) => one.datasetIndex - other.datasetIndex } } }, scales,
        },
      }));
    });
  }
  draw();
  document.addEventListener("oms:theme", draw);
  window.addEventListener("beforeprint", () => made.forEach((chart) => chart.resize()));
})();
