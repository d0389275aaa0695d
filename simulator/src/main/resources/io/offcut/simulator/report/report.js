"use strict";
// Draws the charts of the page from the data in it. Colours are those of the style sheet, by name, so that dark mode and
// print need no redrawing.
(() => {
  const INK = "var(--ink)";
  const FAINT = "var(--faint)";
  const RULE = "var(--rule)";
  const PATTERNS = {
    up: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4 },
    down: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: Math.PI / 4 },
    grid: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [1, 7], rotation: 0 },
    dots: { symbol: "circle", dashArrayX: [[6, 6], [0, 6, 6, 0]], dashArrayY: [6, 0], symbolSize: 0.7 },
  };

  const colour = series => `var(--${series.colour})`;
  const number = digits => value => Number(value).toLocaleString("en", { maximumFractionDigits: digits });
  const percent = value => number(2)(100 * value) + " %";

  function decal(series) {
    const pattern = PATTERNS[series.pattern];
    return pattern ? { color: "var(--pattern)", ...pattern } : undefined;
  }

  function time(seconds) {
    if (seconds < 0.001) return number(1)(seconds * 1e6) + " µs";
    if (seconds < 1) return number(1)(seconds * 1e3) + " ms";
    for (const [length, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
      if (seconds >= 2 * length) return number(seconds < 10 * length ? 1 : 0)(seconds / length) + " " + unit;
    }
    return number(seconds < 10 ? 1 : 0)(seconds) + " s";
  }

  function axis(name, more) {
    return {
      name, nameLocation: "middle", nameGap: 30,
      nameTextStyle: { color: FAINT, fontSize: 13 },
      axisLabel: { color: FAINT, fontSize: 12, hideOverlap: true, showMaxLabel: false },
      axisLine: { show: true, lineStyle: { color: FAINT } },
      axisTick: { lineStyle: { color: FAINT } },
      splitLine: { lineStyle: { color: RULE } },
      ...more,
    };
  }

  // Of the name of a vertical axis from the axis: beside its longest label, and not beyond the edge of the chart.
  const gap = longest => 12 + 7 * longest.length;

  function labelled(base, formatter) {
    return { ...base, axisLabel: { ...base.axisLabel, formatter } };
  }

  function frame(legendRows) {
    return {
      animation: false,
      textStyle: { fontFamily: "system-ui, sans-serif" },
      grid: { left: 26, right: 26, top: 14 + 24 * legendRows, bottom: 34, containLabel: true },
      legend: {
        top: 0, left: 0, itemGap: 14, itemWidth: 26, itemHeight: 13, selectedMode: false,
        textStyle: { color: INK, fontSize: 13 },
      },
      tooltip: {
        confine: true, backgroundColor: "var(--card)", borderColor: RULE, textStyle: { color: INK, fontSize: 13 },
        axisPointer: { type: "line", lineStyle: { color: FAINT }, label: { show: false } },
      },
    };
  }

  // --- areas on top of each other

  function stack(chart, legendRows) {
    const option = frame(legendRows);
    option.tooltip.trigger = "axis";
    option.tooltip.formatter = hits =>
      "day " + number(2)(hits[0].value[0]) + "<br>"
      + hits.map(hit => hit.marker + chart.series[hit.seriesIndex].name + " "
        + number(1)(chart.series[hit.seriesIndex].points[hit.dataIndex][1])).join("<br>");
    option.xAxis = axis(chart.x, { type: "value", min: "dataMin", max: "dataMax" });
    option.xAxis = labelled(option.xAxis, number(2));
    option.yAxis = labelled(axis(chart.y, { type: "value", min: 0, max: chart.greatest, nameGap: gap(number(0)(chart.greatest)) }), number(0));
    // Sums, the highest first, each over those before: a library that stacks on two axes of numbers stacks the wrong one.
    option.legend.data = chart.series.map(series => series.name);
    option.series = chart.series.map((series, at) => ({
      type: "line", name: series.name, symbol: "none", step: chart.steps ? "end" : false, silent: true,
      data: series.points.map(([x], row) => [x, chart.series.slice(0, at + 1).reduce((sum, one) => sum + one.points[row][1], 0)]),
      lineStyle: { width: 0 }, areaStyle: { opacity: 1 }, z: 9 - at,
      itemStyle: { color: colour(series), decal: decal(series) },
    }));
    return option;
  }

  // --- cumulative curves

  function cumulative(chart, legendRows) {
    const option = frame(chart.series.length > 1 ? legendRows : 0);
    const value = chart.seconds ? time : number(1);
    const last = Math.max(...chart.series.map(series => series.points.at(-1)[0]));
    option.legend.show = chart.series.length > 1;
    option.tooltip.trigger = "axis";
    option.tooltip.formatter = hits =>
      "up to " + value(hits[0].value[0]) + "<br>"
      + hits.map(hit => hit.marker + chart.series[hit.seriesIndex].name + " " + percent(hit.value[1])).join("<br>");
    option.xAxis = labelled(
      axis(chart.x, { type: "log", min: chart.least, max: Math.max(10 * chart.least, last), minorSplitLine: { show: false } }), value);
    option.yAxis = labelled(axis(chart.y, { type: "value", min: 0, max: 1, nameGap: gap("100 %") }), share => number(0)(100 * share) + " %");
    option.yAxis.axisLabel.showMaxLabel = true;
    option.legend.itemWidth = 36;
    option.legend.itemStyle = { opacity: 0 };
    option.series = chart.series.map(series => ({
      type: "line", name: series.name, data: series.points, symbol: "none", step: "end", silent: true,
      lineStyle: { width: 2.5, type: series.pattern, color: colour(series) },
      itemStyle: { color: colour(series) },
    }));
    return option;
  }

  // --- one bar from parts

  function parts(chart, legendRows) {
    const option = frame(legendRows);
    option.tooltip.trigger = "item";
    option.tooltip.formatter = hit =>
      hit.marker + chart.series[hit.seriesIndex].name + "<br>" + number(1)(hit.value) + " core-hours, "
      + percent(hit.value / chart.whole);
    option.xAxis = labelled(axis(chart.x, { type: "value", min: 0, max: chart.whole }), number(0));
    option.yAxis = { type: "category", data: [""], axisLine: { show: false }, axisTick: { show: false } };
    option.series = chart.series.map(series => ({
      type: "bar", name: series.name, stack: "all", data: [series.points[0][0]], barWidth: "80%",
      itemStyle: { color: colour(series), decal: decal(series), borderColor: "var(--paper)", borderWidth: 1 },
      emphasis: { disabled: true },
    }));
    return option;
  }

  const KINDS = { STACK: stack, CUMULATIVE: cumulative, PARTS: parts };

  // A legend that does not fit goes on in more rows; the plot begins below them.
  function legendRows(chart, width) {
    let rows = 1;
    let used = 0;
    for (const series of chart.series) {
      const item = 26 + 14 + 8 + 7.2 * series.name.length;
      if (used > 0 && used + item > width) {
        rows++;
        used = 0;
      }
      used += item;
    }
    return rows;
  }

  function draw(chart) {
    const element = document.getElementById(chart.id);
    element.classList.toggle("parts", chart.kind === "PARTS");
    const drawing = echarts.init(element, null, { renderer: "svg" });
    let shownWidth = 0;
    const fit = () => {
      const width = element.clientWidth;
      if (width === 0 || width === shownWidth || matchMedia("print").matches) return;
      shownWidth = width;
      drawing.resize({ width, height: element.clientHeight });
      drawing.setOption(KINDS[chart.kind](chart, legendRows(chart, width)), true);
      // With a view box it scales to the width of the paper.
      const svg = element.querySelector("svg");
      svg.setAttribute("viewBox", `0 0 ${width} ${element.clientHeight}`);
      svg.setAttribute("aria-hidden", "true");
    };
    fit();
    new ResizeObserver(fit).observe(element);
  }

  JSON.parse(document.getElementById("charts").textContent).forEach(draw);
})();
