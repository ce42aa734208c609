"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const pageSize = 100;
  const printSize = 500;

  // ---- Nodes. Text enters the page as text, and in no other way. ----

  const svgNames = new Set(["svg", "rect", "line", "path", "text", "title", "g", "defs", "pattern"]);

  function make(name, attributes, ...children) {
    const node = svgNames.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === "on") {
        for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
      } else if (value !== undefined && value !== false) {
        node.setAttribute(key, value === true ? "" : value);
      }
    }
    node.append(...children.flat().filter((child) => child !== undefined && child !== ""));
    return node;
  }

  // ---- Words. ----

  const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
  const plural = (n, one, many) => count(n) + " " + (n === 1 ? one : many);
  const day = (n) => new Date(n * 86400000).toISOString().slice(0, 10);
  const text = (i) => data.texts[i];
  const texts = (list) => list.map(text);

  function distance(date) {
    const days = date - data.today;
    if (days === 0) return "today";
    return days < 0 ? plural(-days, "day ago", "days ago") : "in " + plural(days, "day", "days");
  }

  const weights = [
    { letter: "\u00b7", word: "nothing" },
    { letter: "r", word: "reads" },
    { letter: "w", word: "writes" },
    { letter: "W", word: "all of a scope" },
    { letter: "S", word: "administrator by a step" },
    { letter: "A", word: "administrator" },
  ];

  const grades = {
    act: { word: "Act", mark: "\u25b2" },
    look: { word: "Look", mark: "\u25c6" },
    know: { word: "Know", mark: "\u25cf" },
  };

  const keyName = (i) => data.keys[i].name || data.keys[i].short;
  const keyNames = (list) => list.map(keyName);

  // ---- Rows: what each list is made of, and what it is searched by. ----

  function addressOf(t) {
    return t.a + "/" + t.n;
  }

  // nextOf is what comes next to a token: the earliest date, and whether it is late.
  function nextOf(t) {
    const coming = [];
    if (t.o) {
      const late = t.o < data.today;
      coming.push({ date: t.o, does: late ? "rotation overdue" : "rotates", late });
    }
    for (const g of t.g) {
      if (g.v) {
        const ends = Math.min(g.v, g.x);
        const late = ends < data.today;
        coming.push({ date: ends, does: "generation " + g.n + (late ? ": revocation overdue" : " is revoked"), late });
      } else if (g.x <= data.today) {
        coming.push({ date: g.x, does: "expired and was not renewed", late: true });
      } else if (!t.o) {
        coming.push({ date: g.x, does: "expires and is not renewed", late: false });
      }
    }
    coming.sort((a, b) => a.date - b.date);
    return coming[0];
  }

  function tokenRows() {
    return data.tokens.map((t) => {
      const next = nextOf(t);
      const active = t.g.find((g) => !g.v);
      const tags = new Set([t.s]);
      if (next && next.late) tags.add("overdue");
      if (next && !next.late && next.date <= data.until) tags.add("due");
      if (!t.g.length) tags.add("ended");
      const readers = new Set(t.g.flatMap((g) => keyNames(g.k)));
      return {
        token: t, next, tags, readers, address: addressOf(t),
        roles: new Set(texts(t.r)), expires: active ? active.x : 0,
        words: [addressOf(t), t.s, text(t.d), t.m || "", ...texts(t.r), ...readers],
      };
    });
  }

  function accessRows() {
    return data.subjects.map(([subject, index]) => {
      const group = data.groups[index];
      const tags = new Set([subject.split("/", 1)[0]]);
      if (group.h === 5) tags.add("administrator");
      if (group.h === 4) tags.add("step");
      if (group.h === 3) tags.add("scope");
      return { subject, group, tags, roles: new Set(texts(group.r)), words: [subject, weights[group.h].word, group.w, ...texts(group.r)] };
    });
  }

  const order = { act: 0, look: 1, know: 2 };

  function attentionRows() {
    const dates = { rotate: "due", revoke: "due", expire: "due" };
    return data.attention.map((a, place) => ({
      place, attention: a, tags: new Set([a.g, a.k, a.c, dates[a.k], a.k.endsWith("_overdue") ? "overdue" : undefined]), words: [a.s, a.m, a.h, a.k, a.c || "", a.d ? day(a.d) : ""],
    }));
  }

  function readerRows() {
    return data.keys.map((k) => ({ key: k, tags: new Set([k.declared ? "declared" : "undeclared"]), words: [k.name, k.key, k.short] }));
  }

  function changeRows() {
    return data.changes.map((c, place) => ({
      place, change: c, tags: new Set([c.f ? "foreign" : "applied"]), words: [c.c, c.w, c.b, c.m, c.r || "", String(c.s || ""), ...c.l],
    }));
  }

  // ---- Search. Every word has to be found; is:, role: and reads: ask for one thing. ----

  function readQuery(q) {
    return q.toLowerCase().split(/\s+/).filter(Boolean).map((term) => {
      const [, name, value] = /^(is|role|reads):(.+)$/.exec(term) || [];
      const has = (set) => set !== undefined && [...set].some((entry) => entry.toLowerCase() === value);
      switch (name) {
        case "is": return (row) => row.tags.has(value);
        case "role": return (row) => has(row.roles);
        case "reads": return (row) => has(row.readers);
      }
      return (row) => row.haystack.includes(term);
    });
  }

  function search(rows, q) {
    const tests = readQuery(q);
    if (!tests.length) return rows;
    for (const row of rows) row.haystack ||= row.words.join("\n").toLowerCase();
    return rows.filter((row) => tests.every((test) => test(row)));
  }

  // ---- The time line. Bars are drawn in percent, so that they fit any width and paper. ----

  const lane = 11;

  // spanOf is the time that these rows need, with today in it and no more than a year about it.
  function spanOf(rows) {
    let from = data.today - 14;
    let to = data.today + 30;
    for (const { token } of rows) {
      for (const g of token.g) {
        from = Math.min(from, g.i);
        to = Math.max(to, g.x);
      }
    }
    return { from: Math.max(from - 3, data.today - 370), to: Math.min(to + 3, data.today + 370) };
  }

  function percent(span, date) {
    const at = ((date - span.from) / (span.to - span.from)) * 100;
    return Math.max(0, Math.min(100, at)).toFixed(2) + "%";
  }

  function percents(span, from, to) {
    const width = parseFloat(percent(span, to)) - parseFloat(percent(span, from));
    return Math.max(width, 0.3).toFixed(2) + "%";
  }

  const monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  // months are the first days of months within a span, a few of them where it is long.
  function months(span) {
    const list = [];
    const start = new Date(span.from * 86400000);
    for (let m = start.getUTCFullYear() * 12 + start.getUTCMonth() + 1; ; m++) {
      const date = Date.UTC(Math.floor(m / 12), m % 12, 1) / 86400000;
      if (date >= span.to) break;
      list.push({ date, month: m % 12, year: Math.floor(m / 12) });
    }
    const step = [1, 2, 3, 6, 12].find((n) => list.length / n <= 9) || 12;
    return list.filter(({ month }) => month % step === 0);
  }

  function axis(span) {
    const svg = make("svg", { class: "axis", height: "30", "aria-hidden": "true" });
    for (const { date, month, year } of months(span)) {
      const x = percent(span, date);
      if (parseFloat(x) > 96) continue;
      svg.append(
        make("line", { class: "tick", x1: x, x2: x, y1: "18", y2: "30" }),
        make("text", { class: "month", x, y: "28", dx: "3" }, monthNames[month] + (month === 0 ? " " + year : "")),
      );
    }
    const now = percent(span, data.today);
    svg.append(make("line", { class: "now", x1: now, x2: now, y1: "12", y2: "30" }), make("text", { class: "nowname", x: now, y: "9", "text-anchor": "middle" }, "today"));
    return svg;
  }

  function spanWords(g) {
    let words = "generation " + g.n + " " + (g.u ? "(taken over) " : "") + "from " + day(g.i) + ": " + g.s;
    if (g.v) words += ", to be revoked on " + day(g.v);
    return words + ", expires on " + day(g.x);
  }

  function strip(row, span) {
    const t = row.token;
    const live = [...t.g].sort((a, b) => b.n - a.n);
    const height = Math.max(1, live.length) * lane + 9;
    const told = live.map(spanWords).join("; ") || "no value lives";
    const svg = make("svg", { class: "strip", height: String(height), role: "img", "aria-label": told });
    for (const { date } of months(span)) {
      const x = percent(span, date);
      svg.append(make("line", { class: "grid", x1: x, x2: x, y1: "0", y2: String(height) }));
    }
    live.forEach((g, i) => {
      const y = String(4 + i * lane);
      const ends = g.v ? Math.min(g.v, g.x) : g.x;
      const bar = make("rect", { class: "bar " + g.s, x: percent(span, g.i), width: percents(span, g.i, ends), y, height: "8", rx: "2" }, make("title", {}, spanWords(g)));
      svg.append(bar);
      if (g.v) {
        const x = percent(span, ends);
        svg.append(make("line", { class: "cut", x1: x, x2: x, y1: String(2 + i * lane), y2: String(14 + i * lane) }));
      }
    });
    const last = 4 + (Math.max(1, live.length) - 1) * lane + 8;
    for (const end of t.e || []) {
      if (end.o < span.from) continue;
      svg.append(make("text", { class: "gone", x: percent(span, end.o), y: String(last), "text-anchor": "middle" }, "\u00d7", make("title", {}, "generation " + end.n + " ended on " + day(end.o) + ": " + text(end.w))));
    }
    const now = percent(span, data.today);
    svg.append(make("line", { class: "now", x1: now, x2: now, y1: "0", y2: String(height) }));
    if (t.o) {
      const late = t.o < data.today;
      const mark = make("svg", { x: percent(span, t.o), y: "8", class: "overflow" });
      mark.append(make("path", { class: late ? "due late" : "due", d: "M0,-6 L6,0 L0,6 L-6,0 Z" }, make("title", {}, (late ? "rotation overdue since " : "rotation due on ") + day(t.o))));
      svg.append(mark);
    }
    return svg;
  }

  function legend() {
    const bar = (kind) => make("svg", { class: "key", width: "26", height: "10", "aria-hidden": "true" }, make("rect", { class: "bar " + kind, x: "1", y: "1", width: "24", height: "8", rx: "2" }));
    const due = make("svg", { class: "key", width: "14", height: "14", "aria-hidden": "true" }, make("path", { class: "due", d: "M7,1 L13,7 L7,13 L1,7 Z" }));
    const item = (mark, words) => make("li", {}, mark, " ", words);
    return make("ul", { class: "legend" },
      item(bar("active"), "active"), item(bar("retiring"), "replaced, works until the stroke"), item(bar("expired"), "expired"),
      item(due, "rotation due (filled: overdue)"), item(make("b", { class: "goneword" }, "\u00d7"), "ended"));
  }

  // ---- Cells. ----

  const link = (tab, q, words) => make("a", { href: "#" + new URLSearchParams({ tab, q }) }, words);

  function chips(list) {
    return list.length ? make("ul", { class: "chips" }, list.map((words) => make("li", {}, words))) : make("span", { class: "faint" }, "none");
  }

  function nextWords(row) {
    if (!row.next) return make("span", { class: "faint" }, row.token.g.length ? "nothing" : "no value lives");
    const { date, does, late } = row.next;
    const words = [make("span", { class: "date" }, day(date)), " ", does, ", ", distance(date)];
    return late ? make("span", { class: "late" }, "\u25b2 ", ...words) : make("span", {}, ...words);
  }

  const cellWord = (digit) => weights[Number(digit)];

  function weightCell(label, digit) {
    const { letter, word } = cellWord(digit);
    return make("td", { class: "weight w" + digit, "data-label": label, title: label + ": " + word }, make("span", { class: "letter", "aria-hidden": "true" }, letter), make("span", { class: "hidden" }, word));
  }

  function cells(labels, digits) {
    return labels.map((label, i) => weightCell(label, digits[i]));
  }

  // gist names the heaviest of what is listed in words.
  function gist(labels, digits) {
    const list = labels.map((label, i) => [Number(digits[i]), label]).filter(([w]) => w > 0).sort((a, b) => b[0] - a[0]);
    return list.map(([w, label]) => label + ": " + weights[w].word);
  }

  // ---- The lists. A column has a value to sort by where it can be sorted; the rows that
  // are shown have a frame, where they are drawn on one scale. ----

  const widePools = 12;
  const poolNames = data.pools.map((name) => "pool/" + name);
  const showPools = data.pools.length <= widePools;

  const lists = {
    attention: {
      title: "Attention",
      about: "What is late or broken, what is risky, and what comes by itself. What is late comes first.",
      none: "Nothing wants attention.",
      rows: attentionRows(),
      columns: [
        { name: "", label: "Grade", sort: (r) => order[r.attention.g], cell: (r) => make("span", { class: "grade " + r.attention.g }, make("span", { class: "mark", "aria-hidden": "true" }, grades[r.attention.g].mark), " ", grades[r.attention.g].word) },
        { label: "What", sort: (r) => r.attention.m, cell: (r) => [r.attention.m, r.attention.c ? make("span", { class: "code" }, " ", r.attention.c) : ""] },
        { label: "Where", sort: (r) => r.attention.s, cell: (r) => make("span", { class: "name" }, r.attention.s || "the project") },
        { label: "Date", sort: (r) => r.attention.d || 1e6, cell: (r) => (r.attention.d ? [make("span", { class: "date" }, day(r.attention.d)), " ", make("span", { class: "faint" }, distance(r.attention.d))] : "") },
        { label: "What to do", cell: (r) => make("span", { class: r.attention.h.startsWith("osmoctl ") ? "hint" : "faint" }, r.attention.h) },
      ],
    },
    tokens: {
      title: "Time line",
      about: "Every token with its values, from issue to end. Where two bars lie side by side, the old value still works beside the new one.",
      none: "No token.",
      rows: tokenRows(),
      before: legend,
      frame: spanOf,
      columns: [
        { label: "Token", sort: (r) => r.address, cell: (r) => make("span", { class: "name" }, r.token.a, "/", make("b", {}, r.token.n)) },
        { label: "Status", sort: (r) => r.token.s, cell: (r) => make("span", { class: "status " + r.token.s }, r.token.s) },
        { label: "Next", sort: (r) => (r.next ? r.next.date : 1e6), cell: nextWords },
        { label: "Expires", sort: (r) => r.expires || 1e6, cell: (r) => (r.expires ? make("span", { class: "date" }, day(r.expires)) : "") },
        { label: "Time", wide: true, head: axis, cell: strip },
      ],
      detail: tokenDetail,
    },
    access: {
      title: "Who may do what",
      about: "By OSMO\u2019s rules, what was applied lets each account and token do. The heaviest first: \u201cby a step\u201d is who becomes an administrator by one request. Letters: r reads, w writes, W all of a scope, S administrator by a step, A administrator.",
      none: "Nobody.",
      rows: accessRows(),
      columns: [
        { label: "Subject", sort: (r) => r.subject, cell: (r) => make("span", { class: "name" }, r.subject) },
        { label: "May at most", sort: (r) => -r.group.h, cell: (r) => [make("span", { class: "most m" + r.group.h }, weights[r.group.h].word), r.group.w ? make("span", { class: "faint" }, " " + r.group.w) : ""] },
        { label: "Services", matrix: [...data.services, ...(showPools ? poolNames : [])], cells: (r) => cells([...data.services, ...(showPools ? poolNames : [])], r.group.s + (showPools ? r.group.p : "")) },
      ],
      detail: accessDetail,
    },
    readers: {
      title: "Who can read what",
      about: "Keys, by how many live values they open. Whoever holds the private half of a key can read these.",
      none: "No key.",
      rows: readerRows(),
      columns: [
        { label: "Name", sort: (r) => r.key.name || "\uffff", cell: (r) => (r.key.name ? make("b", {}, r.key.name) : make("span", { class: "faint" }, "no name")) },
        { label: "Key", sort: (r) => r.key.key, cell: (r) => make("span", { class: "name" }, r.key.short) },
        { label: "Declared", sort: (r) => (r.key.declared ? 0 : 1), cell: (r) => (r.key.declared ? "yes" : make("span", { class: "late" }, "\u25c6 not any more")) },
        { label: "Reads", sort: (r) => -r.key.reads, number: true, cell: (r) => (r.key.reads ? link("tokens", "reads:" + (r.key.name || r.key.short), plural(r.key.reads, "live value", "live values")) : "nothing") },
        { label: "Could read", sort: (r) => -r.key.formerly, number: true, cell: (r) => (r.key.formerly ? plural(r.key.formerly, "live value", "live values") + ", in git\u2019s history" : "") },
      ],
      detail: (r) => make("dl", {}, make("dt", {}, "The whole key"), make("dd", { class: "name long" }, r.key.key)),
    },
    changes: {
      title: "Latest changes",
      about: "Commits of state, newest first.",
      none: "No change yet.",
      rows: changeRows(),
      columns: [
        { label: "When", sort: (r) => r.place, cell: (r) => make("span", { class: "date" }, r.change.w) },
        { label: "Who", sort: (r) => r.change.b, cell: (r) => [r.change.b, r.change.f ? make("span", { class: "late" }, " \u25b2 not made by osmoctl") : ""] },
        { label: "What", cell: changeWords },
        { label: "Commit", cell: (r) => make("span", { class: "name" }, r.change.c) },
      ],
      hasDetail: (r) => r.change.l.length > shortChanges,
      detail: (r) => make("ul", { class: "lines" }, r.change.l.map((line) => make("li", { class: "name" }, line)), r.change.n ? make("li", {}, "and " + count(r.change.n) + " more, which osmoctl log lists") : ""),
    },
  };

  const shortChanges = 4;

  function changeWords(r) {
    const c = r.change;
    const shown = c.l.slice(0, shortChanges);
    const left = c.l.length + (c.n || 0) - shown.length;
    return [
      make("div", {}, c.m),
      c.r ? make("div", { class: "faint" }, "reason: " + c.r) : "",
      make("ul", { class: "lines" }, shown.map((line) => make("li", { class: "name" }, line)), left > 0 ? make("li", { class: "faint" }, "and " + count(left) + " more") : ""),
    ];
  }

  function tokenDetail(row) {
    const t = row.token;
    const list = make("dl", {});
    const say = (term, ...values) => list.append(make("dt", {}, term), make("dd", {}, ...values));
    if (text(t.d)) say("For", text(t.d));
    say("Roles", chips(texts(t.r)));
    if (t.m) say("Renamed to", make("span", { class: "name" }, t.m));
    const body = make("tbody", {});
    for (const g of [...t.g].reverse()) {
      body.append(make("tr", {},
        make("td", {}, String(g.n)), make("td", {}, g.s), make("td", {}, make("span", { class: "date" }, day(g.i)), " for ", text(g.b)),
        make("td", { class: "date" }, g.v ? day(Math.min(g.v, g.x)) + ", revoked" : day(g.x)),
        make("td", {}, g.u ? "its value is not known here" : chips(keyNames(g.k)), g.f && g.f.length ? make("div", { class: "faint" }, "earlier also: " + keyNames(g.f).join(", ")) : "")));
    }
    for (const e of [...(t.e || [])].reverse()) {
      body.append(make("tr", { class: "faint" }, make("td", {}, String(e.n)), make("td", {}, "ended"), make("td", {}), make("td", { class: "date" }, day(e.o)), make("td", {}, text(e.w))));
    }
    const head = make("tr", {}, ["No.", "Status", "Issued", "Until", "Who can read it"].map((label) => make("th", { scope: "col" }, label)));
    return make("div", {}, list, make("table", { class: "inner" }, make("thead", {}, head), body), make("p", {}, link("access", "token/" + row.address, "What it may do")));
  }

  function accessDetail(row) {
    const g = row.group;
    const list = make("dl", {});
    const say = (term, ...values) => list.append(make("dt", {}, term), make("dd", {}, ...values));
    say("Roles", chips(texts(g.r)));
    if (g.t.length) say("How", make("ul", { class: "lines" }, g.t.map((words) => make("li", {}, words))));
    say("Services", chips(gist(data.services, g.s)));
    if (data.pools.length) say("Workflows in pools", chips(gist(poolNames, g.p)));
    return list;
  }

  // ---- The page: tabs, search, one list at a time. ----

  const state = { tab: "attention", q: "", sort: "", page: 1 };
  const app = document.getElementById("app");
  const found = {};

  const box = make("input", { id: "q", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "Search every list", "aria-describedby": "qhelp" });
  const said = make("p", { class: "said", role: "status" });
  const tabs = make("div", { class: "tabs", role: "tablist", "aria-label": "Lists" });
  const panel = make("section", { id: "panel", role: "tabpanel", tabindex: "-1" });
  const buttons = {};

  function build() {
    const help = make("p", { class: "help", id: "qhelp" }, "Words narrow every list. ", ["is:overdue", "is:due", "is:administrator", "role:NAME", "reads:NAME"].flatMap((w) => [make("code", {}, w), " "]), "ask for one thing. ", make("kbd", {}, "/"), " begins a search.");
    for (const [id, list] of Object.entries(lists)) {
      const number = make("span", { class: "count" });
      const button = make("button", { type: "button", role: "tab", id: "tab-" + id, "aria-controls": "panel", on: { click: () => go({ tab: id, sort: "", page: 1 }) } }, list.title, " ", number);
      buttons[id] = { button, number };
      tabs.append(button);
    }
    tabs.addEventListener("keydown", turn);
    const hatch = make("svg", { class: "defs", width: "0", height: "0", "aria-hidden": "true" },
      make("defs", {}, make("pattern", { id: "hatch", width: "5", height: "5", patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, make("rect", { class: "hatchback", width: "5", height: "5" }), make("line", { class: "hatchline", x1: "0", y1: "0", x2: "0", y2: "5" }))));
    app.before(hatch);
    app.append(make("div", { class: "tools" }, make("label", { for: "q" }, "Search"), box, help), tabs, said, panel);
    let timer;
    box.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => go({ q: box.value, page: 1 }, true), 120);
    });
  }

  // turn goes along the tabs by keys.
  function turn(event) {
    const ids = Object.keys(lists);
    const at = ids.indexOf(state.tab);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: ids.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const id = ids[(next + ids.length) % ids.length];
    go({ tab: id, sort: "", page: 1 });
    buttons[id].button.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && event.target.tagName !== "INPUT") {
      event.preventDefault();
      box.focus();
      box.select();
    }
  });

  // The address names what is shown, so that a search can be shared.
  function readAddress() {
    const hash = location.hash.slice(1);
    if (hash && !hash.includes("=")) return;
    const given = new URLSearchParams(hash);
    state.tab = Object.hasOwn(lists, given.get("tab")) ? given.get("tab") : "attention";
    state.q = given.get("q") || "";
    state.sort = given.get("sort") || "";
    state.page = Math.max(1, parseInt(given.get("page"), 10) || 1);
    box.value = state.q;
    show();
  }

  function go(change, replace) {
    Object.assign(state, change);
    const given = new URLSearchParams({ tab: state.tab });
    if (state.q.trim()) given.set("q", state.q.trim());
    if (state.sort) given.set("sort", state.sort);
    if (state.page > 1) given.set("page", String(state.page));
    history[replace ? "replaceState" : "pushState"](null, "", "#" + given);
    if (box !== document.activeElement) box.value = state.q;
    show();
  }

  function sortRows(rows, list, sort) {
    const [, down, name] = /^(-?)(.*)$/.exec(sort);
    const column = list.columns.find((c) => c.sort && c.label === name);
    if (!column) return rows;
    const keyed = rows.map((row) => [column.sort(row), row]);
    keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1));
    return keyed.map(([, row]) => row);
  }

  function show() {
    for (const [id, list] of Object.entries(lists)) {
      found[id] = search(list.rows, state.q);
      const { button, number } = buttons[id];
      number.textContent = count(found[id].length);
      button.setAttribute("aria-selected", String(id === state.tab));
      button.tabIndex = id === state.tab ? 0 : -1;
    }
    tabs.scrollLeft = Math.max(0, buttons[state.tab].button.offsetLeft - tabs.offsetLeft - 40);
    const list = lists[state.tab];
    const rows = sortRows(found[state.tab], list, state.sort);
    const pages = Math.max(1, Math.ceil(rows.length / pageSize));
    state.page = Math.min(state.page, pages);
    const first = (state.page - 1) * pageSize;
    said.textContent = state.q.trim() ? count(rows.length) + " of " + count(list.rows.length) + " in \u201c" + list.title + "\u201d match" : "";
    panel.setAttribute("aria-labelledby", "tab-" + state.tab);
    panel.replaceChildren(...section(list, rows.slice(first, first + pageSize), true), pager(rows.length, pages, first));
  }

  function section(list, rows, live) {
    const out = [make("h2", {}, list.title), make("p", { class: "about" }, list.about)];
    if (!rows.length) return [...out, make("p", { class: "none" }, state.q.trim() ? "Nothing matches." : list.none)];
    if (list.before) out.push(list.before());
    const frame = list.frame && list.frame(rows);
    const body = make("tbody", {});
    for (const row of rows) body.append(...tableRow(list, row, frame, live));
    const table = make("table", { class: "list" }, make("thead", {}, headRow(list, frame, live)), body);
    return [...out, make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": list.title }, table)];
  }

  function headRow(list, frame, live) {
    const row = make("tr", {});
    for (const c of list.columns) {
      if (c.matrix) {
        row.append(...c.matrix.map((name) => make("th", { scope: "col", class: "turned" }, make("span", {}, name))));
        continue;
      }
      const cell = make("th", { scope: "col", class: (c.number ? "number " : "") + (c.wide ? "wide" : "") });
      if (c.head) {
        cell.append(c.head(frame), make("span", { class: "hidden" }, c.label));
      } else if (c.sort && live) {
        const up = state.sort === c.label;
        const down = state.sort === "-" + c.label;
        cell.setAttribute("aria-sort", up ? "ascending" : down ? "descending" : "none");
        cell.append(make("button", { type: "button", on: { click: () => go({ sort: up ? "-" + c.label : down ? "" : c.label, page: 1 }) } }, c.label, make("span", { class: "arrow", "aria-hidden": "true" }, up ? " \u2191" : down ? " \u2193" : "")));
      } else {
        cell.append(c.label);
      }
      row.append(cell);
    }
    return row;
  }

  function tableRow(list, row, frame, live) {
    const tr = make("tr", {});
    for (const c of list.columns) {
      if (c.matrix) {
        tr.append(...c.cells(row));
        continue;
      }
      const cell = make("td", { class: (c.number ? "number " : "") + (c.wide ? "wide" : ""), "data-label": c.label }, c.cell(row, frame));
      tr.append(cell);
    }
    if (!live || !list.detail) return [tr];
    if (list.hasDetail && !list.hasDetail(row)) {
      tr.firstChild.prepend(make("span", { class: "more" }));
      return [tr];
    }
    let below;
    const name = tr.firstChild;
    const button = make("button", { type: "button", class: "more", "aria-expanded": "false", "aria-label": "Details", on: { click: toggle } }, "\u25b8");
    function toggle() {
      if (below) {
        below.remove();
        below = undefined;
      } else {
        below = make("tr", { class: "detail" }, make("td", { colspan: String(tr.children.length) }, list.detail(row)));
        tr.after(below);
      }
      button.setAttribute("aria-expanded", String(below !== undefined));
      button.textContent = below ? "\u25be" : "\u25b8";
    }
    name.prepend(button);
    return [tr];
  }

  function pager(total, pages, first) {
    if (pages === 1) return make("p", { class: "pager" }, total > 0 ? plural(total, "row", "rows") : "");
    const step = (words, to) => make("button", { type: "button", disabled: to < 1 || to > pages, on: { click: () => { go({ page: to }); panel.focus({ preventScroll: true }); panel.scrollIntoView(); } } }, words);
    return make("nav", { class: "pager", "aria-label": "Pages" },
      step("\u2190 Before", state.page - 1), make("span", {}, count(first + 1) + "\u2013" + count(Math.min(first + pageSize, total)) + " of " + count(total)), step("Next \u2192", state.page + 1));
  }

  // On paper all lists stand one after the other, as far as somebody would read.
  const paper = make("div", { class: "paper" });
  window.addEventListener("beforeprint", () => {
    paper.replaceChildren(...Object.entries(lists).flatMap(([id, list]) => {
      const rows = found[id].slice(0, printSize);
      const left = found[id].length - rows.length;
      return [make("section", {}, ...section(list, rows, false), left ? make("p", { class: "note" }, "And " + count(left) + " more: a search before printing narrows the lists.") : "")];
    }));
    app.after(paper);
  });
  window.addEventListener("afterprint", () => paper.remove());

  build();
  readAddress();
  window.addEventListener("hashchange", readAddress);
  window.addEventListener("popstate", readAddress);
  document.documentElement.dataset.ready = "yes";
})();
