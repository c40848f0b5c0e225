// Draws "All stores": searches, filters, sorts and pages the table, and opens the week of a store. All
// figures come from the data blocks, whose form `data.rs` describes. Nothing is computed here.
{
'use strict';
const byId = id => document.getElementById(id);
const block = id => JSON.parse(byId('data-' + id).textContent);
const lists = {};
// The weeks are read only when the first store opens.
const list = id => lists[id] ??= block(id).split(' ');
const about = block('about'), ids = block('ids'), figures = block('figures').split(' ');
const [weekStart, weekEnd] = about.week;
const digitOf = new Uint8Array(128);
[...about.digits].forEach((digit, value) => { digitOf[digit.charCodeAt(0)] = value; });
const fields = Object.fromEntries(about.fields.map(([name, width, isOptional], place) => [name, {text: figures[place], width, isOptional}]));
const zones = about.zones.map(([name, ...offsets]) => {
    return {name, offsets, city: name.split('/').pop().replaceAll('_', ' ')};
});
const ROWS = 100;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// Reading the data.
const number = (text, start, width) => {
    let read = 0;
    for (let at = start; at < start + width; at++) read = read * about.digits.length + digitOf[text.charCodeAt(at)];
    return read;
};
// A missing number is 0, all others are one more than they mean.
const optional = (text, start, width) => {
    const read = number(text, start, width);
    return read === 0 ? null : read - 1;
};
const figure = (store, name) => {
    const {text, width, isOptional} = fields[name];
    return (isOptional ? optional : number)(text, store * width, width);
};
const flag = (store, bit) => (figure(store, 'flags') & bit) !== 0;
const isZoneGiven = store => flag(store, 1), areHoursGiven = store => flag(store, 2);
const isNewestUp = store => flag(store, 4), isDownAtEnd = store => flag(store, 8);
const zoneOf = store => zones[figure(store, 'zone')];
const week = (store, name) => figure(store, name.replace('*', 'last_week'));

const readDays = store => {
    const text = list('days')[store], days = [];
    const counts = {c: 0, n: 1, u: 2, d: 4, x: 6};
    for (let at = 0; at < text.length;) {
        const form = text[at], read = [];
        at += 1;
        for (let place = 0; place < counts[form]; place++, at += 2) read.push(number(text, at, 2));
        const [open = 0] = read;
        if (form === 'u') days.push({open, up: open, down: 0, least: 0, most: read[1], unknown: 0});
        else if (form === 'n') days.push({open, up: 0, down: 0, least: 0, most: open, unknown: open});
        else days.push({open, down: read[1], least: read[2], most: read[3], up: read[4] ?? open - read[1], unknown: read[5] ?? 0});
    }
    return days;
};
const readOutages = store => {
    let first = 0;
    for (let before = 0; before < store; before++) first += week(before, 'outages_*') ?? 0;
    return Array.from({length: week(store, 'outages_*') ?? 0}, (_, place) => {
        const [start, length, since, until, down, least, most, polls, silent] =
            list('outages').map((text, field) => ([2, 3, 8].includes(field) ? optional : number)(text, 3 * (first + place), 3));
        const end = start + length;
        return {number: place + 1, start, end, upBefore: since === null ? null : start - since,
            upAfter: until === null ? null : end + until, down, least, most, polls, silent};
    });
};
// Returns the polls, and the runs of the week: what is known from when until when.
const readTape = store => {
    const polls = [], runs = [];
    let hour = 0, isOther = false;
    for (const mark of list('polls')[store]) {
        const digit = digitOf[mark.charCodeAt(0)];
        if (mark === 'x') isOther = true;
        else if (mark === '=') hour -= 1;
        else if (mark === '+') hour += 1;
        else if (digit >= 60) hour += digit - 58;
        else {
            polls.push({at: 60 * hour + digit, isOther});
            hour += 1;
            isOther = false;
        }
    }
    const text = list('changes')[store];
    for (let place = 0, at = 0, lastChange = 0, poll = 0; place < text.length; place++) {
        if (text[place] === '-') {
            at = lastChange += number(text, place + 1, 2);
            place += 2;
        } else if ('cnuUdD'.includes(text[place])) {
            if (runs.length) runs.at(-1).end = at;
            runs.push({start: at, end: weekEnd, known: text[place]});
        } else {
            poll += text[place] === '+' ? 79 : digitOf[text.charCodeAt(place)];
            at = polls[poll]?.at;
        }
    }
    let elsewhere = true;
    for (const poll of polls) {
        const known = runs.find(run => run.start <= poll.at && poll.at < run.end)?.known;
        const isOpen = known !== undefined && 'uUdD'.includes(known);
        poll.isUp = (isOpen ? 'uU'.includes(known) : elsewhere) !== poll.isOther;
        if (!isOpen) elsewhere = poll.isUp;
        poll.place = isOpen ? 'open' : known === 'c' ? 'closed, does not count' : 'outside the week';
    }
    return {polls, runs};
};

// Words and numbers.
const tenths = hundredths => (Math.round(hundredths / 10) / 10).toFixed(1);
const whole = hundredths => String(Math.round(hundredths / 100));
const percent = hundredths => hundredths === null ? '–' : (hundredths / 100).toFixed(2);
const offsetAt = (zone, minute) => {
    let [offset] = zone.offsets;
    for (let at = 1; at < zone.offsets.length; at += 2) if (minute >= zone.offsets[at]) offset = zone.offsets[at + 1];
    return offset;
};
const dateOf = local => new Date((about.origin + local) * 60000);
const local = (zone, minute) => dateOf(minute + offsetAt(zone, minute));
const dayText = date => `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
const timeText = date => date.toISOString().slice(11, 16);
const moment = (zone, minute) => {
    const date = local(zone, minute);
    return `${WEEKDAYS[date.getUTCDay()]} ${dayText(date)} ${timeText(date)}`;
};
const clock = minutes => `${Math.floor(minutes / 60) % 24}:${String(minutes % 60).padStart(2, '0')}`;
const age = minutes => minutes < 120 ? `${minutes} min old` : minutes < 2880 ? `${Math.floor(minutes / 60)} h old` :
    `${Math.floor(minutes / 1440)} d old`;
const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;
const range = (least, most) => `(at least ${tenths(least)}, at most ${tenths(most)})`;

// Making elements. Text from data is only ever set as text.
const SVG = new Set('svg g rect line circle text tspan use clipPath'.split(' '));
const make = (tag, attributes = {}, ...children) => {
    const element = SVG.has(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.filter(child => child !== null));
    return element;
};
const button = (text, action) => {
    const made = make('button', {type: 'button'}, text);
    made.addEventListener('click', () => action(made));
    return made;
};
const HATCHES = {n: 'dots', u: 'hatch-up', d: 'hatch-down'}, SOLID = {c: 'closed', U: 'up', D: 'down'};
let clips = 0;
// Draws parts of an axis: solid ones as they are, the hatched ones of a kind through one clip.
const drawParts = (svg, parts, middle, downHeight, upHeight) => {
    const clipped = {};
    for (const {from, to, known} of parts) {
        if (to <= from) continue;
        const height = known === 'c' ? 1 : known === 'd' || known === 'D' ? downHeight : upHeight;
        const part = make('rect', {x: from + '%', width: to - from + '%', y: middle - height / 2, height});
        if (known in SOLID) {
            part.setAttribute('class', SOLID[known]);
            svg.append(part);
        } else (clipped[known] ??= []).push(part);
    }
    for (const [known, rects] of Object.entries(clipped)) {
        const id = `clip-${clips += 1}`, hatch = HATCHES[known];
        svg.append(make('clipPath', {id}, ...rects), make('g', {'clip-path': `url(#${id})`},
            make('rect', {class: 'under-' + hatch, width: '100%', height: '100%'}), make('use', {href: '#' + hatch})));
    }
};

// The table.
const column = (name, missing = -1) => store => week(store, name) ?? missing;
const zoneRanks = new Map([...zones].sort((a, b) => a.city < b.city ? -1 : 1).map((zone, rank) => [zone, rank]));
// Each column's order, whether it starts with the greatest, and the words for both directions.
const COLUMNS = {
    store: [store => store, false, 'by store id', 'by store id, backwards'],
    zone: [store => zoneRanks.get(zoneOf(store)), false, 'by time zone', 'by time zone, backwards'],
    open: [column('scheduled_*_hours'), true, 'least open time first', 'most open time first'],
    up: [column('uptime_*_percent'), false, 'lowest uptime first', 'highest uptime first'],
    down: [column('downtime_*_hours'), true, 'least downtime first', 'most downtime first'],
    least: [column('downtime_least_*_hours'), true, 'lowest “at least” first', 'highest “at least” first'],
    most: [column('downtime_most_*_hours'), true, 'lowest “at most” first', 'highest “at most” first'],
    outages: [column('outages_*'), true, 'fewest outages first', 'most outages first'],
    longest: [column('longest_outage_tenths_of_hours'), true, 'shortest outage first', 'longest outage first'],
    newest: [column('newest_poll_age_minutes', Infinity), false, 'newest poll first', 'oldest newest poll first'],
};
const FILTERS = {
    all: () => true,
    outage: store => week(store, 'outages_*') > 0,
    end: isDownAtEnd,
    never: store => figure(store, 'newest_poll') === null,
    coverage: store => (week(store, 'coverage_*_percent') ?? 10000) < about.low_coverage,
    assumed: store => !isZoneGiven(store) || !areHoursGiven(store),
};
const section = byId('all-stores'), body = section.querySelector('tbody'), count = byId('stores-count');
const search = byId('stores-search'), choice = byId('stores-sort'), pager = byId('stores-pages');
const filters = [...section.querySelectorAll('[name=show]')], heads = [...section.querySelectorAll('th[data-sort]')];
let sortedBy = 'down', isDescending = true, order = [], shown = [], page = 0, opened = null;

const sort = () => {
    const [key] = COLUMNS[sortedBy], keys = Float64Array.from(ids, (_, store) => key(store));
    const sign = isDescending ? -1 : 1;
    // Equal keys stay in the order of the ids.
    order = Array.from(ids, (_, store) => store).sort((a, b) => keys[a] === keys[b] ? a - b : keys[a] < keys[b] ? -sign : sign);
};
const select = () => {
    const text = search.value.trim().toLowerCase(), filter = FILTERS[filters.find(input => input.checked).value];
    const inZone = zones.map(zone => zone.city.toLowerCase().includes(text) || zone.name.toLowerCase().includes(text));
    shown = order.filter(store => filter(store) && (text === '' || ids[store].toLowerCase().includes(text) ||
        inZone[figure(store, 'zone')]));
};
const assumed = isGiven => isGiven ? null : make('i', {}, 'assumed ');
const linkOf = store => make('a', {href: '#store=' + encodeURIComponent(ids[store]), 'aria-expanded': 'false'},
    make('bdi', {}, ids[store]));
const rangeBar = store => {
    const open = week(store, 'scheduled_*_hours'), down = week(store, 'downtime_*_hours');
    const svg = make('svg', {class: 'bar', height: 24, 'aria-hidden': 'true'});
    // Hundredths of hours on an axis of 168 hours.
    const at = hundredths => hundredths / 168, most = week(store, 'downtime_most_*_hours');
    const bounds = [0, week(store, 'downtime_least_*_hours'), down, down + week(store, 'unknown_*_hours'), most, open];
    drawParts(svg, [...'DdnuU'].map((known, place) => ({from: at(bounds[place]), to: at(bounds[place + 1]), known})), 12, 12, 6);
    if (open > 0) svg.append(make('rect', {class: 'tick', x: at(down) + '%', width: 2, y: 3, height: 18}));
    return svg;
};
const newestText = store => {
    const minutes = figure(store, 'newest_poll_age_minutes');
    if (minutes === null) return ['–'];
    return isNewestUp(store) ? ['up, ' + age(minutes)] : [make('b', {}, 'down'), ', ' + age(minutes)];
};
const rowOf = store => {
    const cell = (name, ...content) => make('td', {class: name}, ...content);
    const hours = name => tenths(week(store, name)), longest = figure(store, 'longest_outage_tenths_of_hours');
    const row = make('tr', {}, make('th', {class: 'store', scope: 'row'}, linkOf(store)),
        cell('zone', assumed(isZoneGiven(store)), zoneOf(store).city),
        cell('open number', assumed(areHoursGiven(store)), hours('scheduled_*_hours')),
        cell('up-share number', percent(week(store, 'uptime_*_percent'))),
        cell('downtime number', make('b', {}, hours('downtime_*_hours'))), cell('least number', hours('downtime_least_*_hours')),
        cell('most number', hours('downtime_most_*_hours')), cell('range', rangeBar(store)),
        cell('outages number', String(week(store, 'outages_*') ?? '–')),
        cell('longest number', longest ? tenths(longest) : '–'), cell('newest', ...newestText(store)));
    row.dataset.store = store;
    return row;
};
const draw = () => {
    const pages = Math.max(1, Math.ceil(shown.length / ROWS)), first = page * ROWS;
    body.replaceChildren(...shown.slice(first, first + ROWS).map(rowOf));
    opened = null;
    const [, , ascending, descending] = COLUMNS[sortedBy];
    count.textContent = shown.length ? `${first + 1} to ${Math.min(first + ROWS, shown.length)} of ${
        shown.length.toLocaleString('en')}, ${isDescending ? descending : ascending}` : '';
    if (!shown.length) body.append(make('tr', {}, make('td', {colspan: 11}, search.value.trim() === '' ?
        'No store is like that. ' : `No store matches ‘${search.value.trim()}’. `, button(`Show all ${
        ids.length.toLocaleString('en')}`, () => { showAll(); search.focus(); }))));
    for (const head of heads) {
        if (head.dataset.sort === sortedBy) head.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
        else head.removeAttribute('aria-sort');
    }
    choice.value = sortedBy;
    const turn = (text, to) => {
        const made = button(text, () => { page = to; draw(); section.scrollIntoView(); pager.querySelector('b').focus(); });
        made.disabled = to < 0 || to >= pages;
        return made;
    };
    pager.replaceChildren(turn('Previous', page - 1), make('b', {tabindex: -1}, `Page ${page + 1} of ${pages}`), turn('Next', page + 1));
    pager.hidden = pages === 1;
};
const update = () => { page = 0; select(); draw(); };
const sortBy = (name, descending) => { sortedBy = name; isDescending = descending; sort(); update(); };
const showAll = () => { search.value = ''; filters[0].checked = true; update(); };

// The week of a store. Clocks run on as one line: where they go back, the hour that comes twice is
// drawn at half width. Returns the stretches of this line, cut at local midnights.
const stretchesOf = zone => {
    const cuts = [], add = (start, end, from, rate) => { if (start < end) cuts.push({start, end, from, rate}); };
    let now = weekStart;
    for (let at = 1; at < zone.offsets.length; at += 2) {
        const change = zone.offsets[at], back = offsetAt(zone, change - 1) - zone.offsets[at + 1];
        if (change <= weekStart || change >= weekEnd) continue;
        const until = Math.max(now, change - Math.max(0, back)), twice = Math.min(weekEnd, change + Math.max(0, back));
        add(now, until, now + offsetAt(zone, now), 1);
        add(until, twice, until + offsetAt(zone, until), 0.5);
        now = twice;
    }
    add(now, weekEnd, now + offsetAt(zone, now), 1);
    return cuts.flatMap(({start, end, from, rate}) => {
        const parts = [];
        for (let part = start; part < end;) {
            const x = from + (part - start) * rate, day = Math.floor(dayOf(x));
            const until = Math.min(end, part + (dayStart(day + 1) - x) / rate);
            parts.push({day, start: part, end: until, x: x - dayStart(day), rate});
            part = until;
        }
        return parts;
    });
};
// Days count from 1970, local minutes from the first minute considered.
const dayOf = local => (about.origin + local) / 1440, dayStart = day => day * 1440 - about.origin;
const share = minutes => minutes / 14.4;
const partsOf = (spans, stretches) => spans.flatMap(span => stretches.flatMap(stretch => {
    const start = Math.max(span.start, stretch.start), end = Math.min(span.end, stretch.end);
    const at = minute => share(stretch.x + (minute - stretch.start) * stretch.rate);
    return start < end ? [{...span, from: at(start), to: at(end)}] : [];
}));
const label = (x, y, name, attributes, ...content) => make('text', {x: x + '%', y, class: name, ...attributes}, ...content);
const longest = (parts, known, hours) => parts.filter(part => part.known === known && part.to - part.from >= share(60 * hours))
    .sort((a, b) => (b.to - b.from) - (a.to - a.from))[0];
const pollMark = (cx, cy, isUp, counts) => make('circle', {cx, cy, r: counts ? 3 : 1.5,
    class: 'poll' + (isUp ? '' : ' hollow') + (counts ? '' : ' uncounted')});
const drawDay = (stretches, {polls, runs}, outages) => {
    const svg = make('svg', {class: 'bar day', height: 56, 'aria-hidden': 'true'}), parts = partsOf(runs, stretches);
    const line = (x, name) => svg.append(make('line', {class: name, x1: x + '%', x2: x + '%', y1: 0, y2: 56}));
    for (let hour = 0; hour <= 24; hour += 3) line(share(60 * hour), 'grid');
    for (const {from, to} of partsOf(about.silences.map(([start, end]) => ({start, end})), stretches)) {
        svg.append(make('rect', {class: 'silent', x: from + '%', width: to - from + '%', y: 37, height: 14}));
        if (to - from >= share(180)) svg.append(label((from + to) / 2, 48, 'muted middle', {}, 'no polls'));
    }
    drawParts(svg, parts, 16, 28, 14);
    for (const [known, hours, words, name] of [['c', 3, 'closed', 'halo'], ['U', 2, 'up', 'inside'], ['n', 5, 'not observed', 'halo']]) {
        const part = longest(parts, known, hours);
        if (part) svg.append(label((part.from + part.to) / 2, 20, 'middle ' + name, {}, words));
    }
    for (const outage of outages) {
        const [first, ...others] = parts.filter(part => 'dD'.includes(part.known) && outage.start < part.end && part.start < outage.end);
        if (!first) continue;
        const to = others.reduce((to, part) => part.from - to < 0.01 ? part.to : to, first.to);
        const hours = (to - first.from) * 0.24, isInside = hours >= 0.8;
        svg.append(label(first.from, 20, 'chip' + (isInside ? '' : ' before'), {dx: isInside ? 5 : -5, 'data-outage': outage.number},
            String(outage.number), hours >= 1.9 ? make('tspan', {}, ' down') : null));
    }
    const [first] = stretches, last = stretches.at(-1);
    const endX = share(last.x + (last.end - last.start) * last.rate);
    const zoneClock = stretch => clock(Math.floor(stretch.x) % 1440);
    if (first.start === weekStart) {
        line(share(first.x), 'edge');
        if (share(first.x) > 42) svg.append(label(share(first.x), 20, 'muted before', {dx: -6}, 'the week starts at ' + zoneClock(first)));
    }
    if (last.end === weekEnd) {
        line(endX, 'edge');
        if (endX < 58) svg.append(label(endX, 20, 'muted', {dx: 6}, 'the week ends at ' + clock(Math.floor(endX * 14.4 + 0.001))));
    }
    for (const stretch of stretches) {
        const gap = stretches.find(other => other.start === stretch.end && other.rate === stretch.rate);
        if (stretch.rate < 1 || gap) line(share(stretch.x + (stretch.end - stretch.start) * stretch.rate), 'change');
        if (stretch.rate < 1 || stretches.some(other => other.end === stretch.start)) line(share(stretch.x), 'change');
        for (const poll of polls.filter(poll => stretch.start <= poll.at && poll.at < stretch.end)) {
            const x = share(stretch.x + (poll.at - stretch.start) * stretch.rate);
            svg.append(pollMark(x + '%', 44, poll.isUp, poll.place === 'open'));
        }
    }
    return svg;
};
// What the clocks did on a date, in words.
const clockChange = stretches => {
    const twice = stretches.find(stretch => stretch.rate < 1);
    if (twice) return `${clock(twice.x)} to ${clock(twice.x + (twice.end - twice.start) / 2)} twice, at half width`;
    const [before, after] = stretches;
    return after ? `no ${clock(before.x + before.end - before.start)} to ${clock(after.x)}: clocks go forward` : '';
};
const muted = (...content) => make('span', {class: 'muted'}, ...content);
const sumOf = ({open, up, down, least, most, unknown}) => {
    const one = value => (value / 10).toFixed(1);
    if (open === 0) return ['closed'];
    if (unknown === open) return [`${one(open)} h open: not observed`];
    return [make('b', {}, `${one(open)} h open:`), ` ${one(up)} up, ${one(down)} down${unknown ? `, ${one(unknown)} not observed` : ''} `,
        muted(`(at least ${one(least)}, at most ${one(most)})`)];
};
const windowSum = (store, window) => {
    const hours = name => Math.round(figure(store, name.replace('*', window)) / 10);
    return sumOf({open: hours('scheduled_*_hours'), up: hours('uptime_*_hours'), down: hours('downtime_*_hours'),
        least: hours('downtime_least_*_hours'), most: hours('downtime_most_*_hours'), unknown: hours('unknown_*_hours')});
};
const hourSum = store => {
    const minutes = name => figure(store, name + '_last_hour_minutes'), newest = figure(store, 'newest_poll_age_minutes');
    if (minutes('scheduled') === 0) return ['Nothing open in the last hour'];
    const unknown = minutes('unknown') ? `, ${whole(minutes('unknown'))} not observed` : '';
    const poll = newest === null ? '' : `; newest poll ${isNewestUp(store) ? 'up' : 'down'}, ${age(newest)}`;
    return [make('b', {}, `${whole(minutes('scheduled'))} min open:`),
        ` ${whole(minutes('uptime'))} up, ${whole(minutes('downtime'))} down${unknown}${poll}`];
};
const sentence = store => {
    const [open, down, least, most] = ['scheduled_*_hours', 'downtime_*_hours', 'downtime_least_*_hours', 'downtime_most_*_hours']
        .map(name => week(store, name));
    const outages = week(store, 'outages_*');
    if (open === 0) return ['Never open in the week: nothing to be up or down in.'];
    if (outages === null) return [`Not observed: no poll fell within this store’s opening hours in the past 8 days. Its ${
        tenths(open)} open hours count neither as up nor as down.`];
    if (outages === 0) return [`No poll found this store down in its opening hours. Between polls it can have been down for at most ${
        tenths(most)} of its ${tenths(open)} open hours.`];
    return ['Down for ', make('b', {}, tenths(down)), ` of ${tenths(open)} open hours ${range(least, most)}, in ${plural(outages, 'outage')}.${
        outages > 1 ? ` The longest took ${tenths(figure(store, 'longest_outage_tenths_of_hours'))} h.` : ''}`];
};
const swatch = known => {
    const svg = make('svg', {class: 'swatch', width: 24, height: 14, 'aria-hidden': 'true'});
    drawParts(svg, [{from: 0, to: 100, known}], 7, 14, 7);
    return svg;
};
const dots = (...isUp) => make('svg', {class: 'swatch', width: 8 * isUp.length, height: 14, 'aria-hidden': 'true'},
    ...isUp.map(([up, counts], place) => pollMark(8 * place + 4, 7, up, counts)));
const legend = () => make('p', {class: 'legend note'}, ...[
    [swatch('D'), 'down, settled'], [swatch('d'), 'down, estimated'], [swatch('U'), 'up, settled'], [swatch('u'), 'up, estimated'],
    [swatch('n'), 'not observed'], [swatch('c'), 'closed'], [dots([true, true]), 'poll: up'], [dots([false, true]), 'poll: down'],
    [dots([true, false], [false, false]), 'poll while closed: does not count'],
    [make('svg', {class: 'swatch', width: 24, height: 14, 'aria-hidden': 'true'}, make('rect', {class: 'silent', width: 24, height: 14})),
        'no store was polled'],
].map(([mark, words]) => make('span', {}, mark, words)));
const outageTable = (store, outages) => {
    const zone = zoneOf(store), at = minute => minute === null ? '–' : moment(zone, minute);
    const heads = ['No.', 'Down from', 'to', 'Down, h', 'at least', 'at most', 'Polls down', 'Last seen up', 'Next seen up', 'Without polls, h'];
    const cells = (tag, values) => make('tr', {}, ...values.map((value, place) => make(tag, {'data-label': heads[place],
        class: [3, 4, 5, 6, 9].includes(place) ? 'number' : ''}, value)));
    const rows = outages.map(outage => {
        const end = outage.upAfter !== null ? at(outage.end) : isDownAtEnd(store) ? make('b', {}, 'down at the end') :
            'last seen down ' + at(weekEnd - figure(store, 'newest_poll_age_minutes'));
        const row = cells('td', [make('span', {class: 'chip'}, String(outage.number)),
            (outage.upBefore === null ? 'before ' : '') + at(outage.start), end, make('b', {}, one(outage.down)), one(outage.least),
            one(outage.most), String(outage.polls), at(outage.upBefore), at(outage.upAfter), outage.silent ? one(outage.silent) : '–']);
        row.dataset.outage = outage.number;
        return row;
    });
    const sum = make('tr', {class: 'sum'}, make('td', {colspan: 3}, 'Sum'),
        make('td', {class: 'number'}, make('b', {}, tenths(week(store, 'downtime_*_hours')))),
        make('td', {class: 'number'}, tenths(week(store, 'downtime_least_*_hours'))), make('td', {}),
        make('td', {class: 'note', colspan: 4}, `‘At most ${tenths(week(store, 'downtime_most_*_hours'))}’ also counts long gaps between polls that found it up.`));
    return [make('h4', {}, 'Outages'), make('table', {class: 'outage-table'}, make('thead', {}, cells('th', heads)), make('tbody', {}, ...rows, sum))];
};
const pollsText = (store, polls) => polls.map(({at, isUp, place}) => `${moment(zoneOf(store), at)}  ${
    dateOf(at).toISOString().slice(0, 16).replace('T', ' ')} UTC  ${isUp ? 'up  ' : 'down'}  ${place}`).join('\n');
const weekOf = store => {
    const zone = zoneOf(store), tape = readTape(store), outages = readOutages(store), sums = readDays(store), stretches = stretchesOf(zone);
    const newest = figure(store, 'newest_poll_age_minutes');
    const newestPoll = newest === null ? 'newest poll in opening hours: none' :
        `newest poll ${moment(zone, weekEnd - newest)}, ${isNewestUp(store) ? 'up' : 'down'}`;
    const days = [...new Set(stretches.map(({day}) => day))].map((day, place) => {
        const ofDay = stretches.filter(stretch => stretch.day === day), date = new Date(day * 86400000);
        return make('div', {class: 'date'}, make('div', {}, make('b', {}, WEEKDAYS[date.getUTCDay()]), ' ' + dayText(date),
            muted(clockChange(ofDay))), drawDay(ofDay, tape, outages), make('div', {class: 'sums'}, ...sumOf(sums[place])));
    });
    const axis = make('svg', {class: 'bar', height: 16, 'aria-hidden': 'true'});
    for (let hour = 0; hour <= 24; hour += 3) axis.append(label(share(60 * hour), 12, 'muted ' + (hour === 24 ? 'before' : 'tick-label'), {}, hour + ':00'));
    const total = (words, content) => make('div', {class: 'total'}, make('b', {}, words), make('span', {}, ...content));
    const covered = window => percent(figure(store, `coverage_${window}_percent`)), up = window => percent(figure(store, `uptime_${window}_percent`));
    const text = make('pre', {tabindex: 0, hidden: ''}), status = make('span', {role: 'status', class: 'muted'});
    const copy = button('Copy link', async () => {
        try {
            await navigator.clipboard.writeText(location.href);
            status.textContent = 'Copied';
        } catch {
            status.textContent = location.href;
        }
    });
    const show = button('Show polls as text', () => {
        text.hidden = !text.hidden;
        text.textContent = pollsText(store, tape.polls) || 'No polls.';
        show.setAttribute('aria-expanded', String(!text.hidden));
    });
    return make('div', {class: 'week'}, make('div', {class: 'week-head'},
        make('div', {}, make('h3', {}, 'Store ', make('bdi', {}, ids[store])), make('p', {class: 'note'}, `${zone.city} time${
            isZoneGiven(store) ? '' : ' (assumed)'}, ${about.hours[figure(store, 'hours')]}; ${newestPoll}`)),
        make('div', {class: 'buttons'}, status, copy, show, button('Close', () => close(true)))),
        make('p', {class: 'sentence'}, ...sentence(store)), legend(), text,
        make('div', {class: 'date axis'}, make('div'), axis, make('div', {class: 'note'}, 'Sum of the day')), ...days,
        make('div', {class: 'totals'}, total('Week', windowSum(store, 'last_week')), total('Last day', windowSum(store, 'last_day')),
            total('Last hour', hourSum(store)), total('Up, %', [`${up('last_week')} in the week, ${up('last_day')} in the last day`]),
            total('Polls cover, %', [`${covered('last_week')} in the week, ${covered('last_day')} in the last day`])),
        ...(outages.length ? outageTable(store, outages) : []));
};

// Opening and closing.
const close = keepsFocus => {
    if (!opened) return;
    const {row, week} = opened, link = row.querySelector('a');
    link.setAttribute('aria-expanded', 'false');
    row.classList.remove('open-row');
    week.remove();
    opened = null;
    if (keepsFocus) link.focus();
    if (location.hash.startsWith('#store=')) history.replaceState(null, '', location.href.replace(/#.*/, '#all-stores'));
};
const open = store => {
    close(false);
    if (!shown.includes(store)) showAll();
    const place = Math.floor(shown.indexOf(store) / ROWS);
    if (place !== page) { page = place; draw(); }
    const row = body.querySelector(`[data-store="${store}"]`), link = row.querySelector('a');
    const made = make('tr', {class: 'week-row'}, make('td', {colspan: 11}, weekOf(store)));
    row.after(made);
    row.classList.add('open-row');
    link.setAttribute('aria-expanded', 'true');
    opened = {row, week: made};
    link.focus({preventScroll: true});
    row.scrollIntoView({block: 'nearest'});
};
const follow = () => {
    if (!location.hash.startsWith('#store=')) return;
    let id = location.hash.slice(7);
    try { id = decodeURIComponent(id); } catch { /* It stays as it is and matches no store. */ }
    const store = ids.indexOf(id);
    if (store >= 0) open(store);
    else count.textContent = `No store ‘${id}’ in this page.`;
};
const light = (event, isLit) => {
    const marked = event.target.closest('[data-outage]');
    if (marked) for (const same of body.querySelectorAll(`[data-outage="${marked.dataset.outage}"]`)) same.classList.toggle('lit', isLit);
};
body.addEventListener('mouseover', event => light(event, true));
body.addEventListener('mouseout', event => light(event, false));
body.addEventListener('click', event => {
    const link = event.target.closest('a');
    // A second click on an open store closes it.
    if (link && link === opened?.row.querySelector('a')) { event.preventDefault(); close(true); }
});
section.addEventListener('keydown', event => { if (event.key === 'Escape' && opened) { event.preventDefault(); close(true); } });
for (const head of heads) head.querySelector('button').addEventListener('click', () => {
    sortBy(head.dataset.sort, head.dataset.sort === sortedBy ? !isDescending : COLUMNS[head.dataset.sort][1]);
});
choice.addEventListener('change', () => sortBy(choice.value, COLUMNS[choice.value][1]));
search.addEventListener('input', update);
for (const input of filters) input.addEventListener('change', update);
addEventListener('hashchange', follow);
byId('stores-controls').hidden = false;
if (ids.length) { sortBy('down', true); follow(); }
}
