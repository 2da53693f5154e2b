import type { PlanGraph } from '#shared/pipelines/support/plan-graph'
import { escaped, scriptData, selfContainedPage } from './page'

/** The graph of a plan as a page: choose a file or a declaration and see what depends on it. */
export function planPage(graph: PlanGraph): string {
  const nodes = Object.values(graph.nodes).filter(node => node.kind !== 'import')
  const shown = nodes.map(({ id, kind, name, file_path, signature }) => ({
    id,
    kind,
    name,
    file: file_path,
    signature,
  }))
  const edges = graph.edges.filter(edge => edge.kind !== 'defines')
  const body = `
<p>${escaped(graph.task)}</p>
<p class="legend">${nodes.length} nodes, ${graph.edges.length} links. Choose one: to the right is what depends on it, step by step; dashed links are known by name only.</p>
<div class="graph">
<nav aria-label="files and declarations"><input type="search" id="search" placeholder="search" aria-label="search"><ul id="list"></ul></nav>
<div><p id="summary" role="status"></p><svg id="picture" role="img" aria-label="blast radius"></svg><p class="path" id="signature"></p></div>
</div>`
  return selfContainedPage(
    'kode plan',
    body,
    `const nodes = ${scriptData(shown)}, edges = ${scriptData(edges)};\n${SCRIPT}`,
  )
}

const SCRIPT = `
const byId = new Map(nodes.map(node => [node.id, node]));
const users = new Map();
for (const edge of edges) {
  if (!byId.has(edge.source) || !byId.has(edge.target)) continue;
  users.set(edge.target, [...(users.get(edge.target) ?? []), edge]);
}
const list = document.getElementById('list');
for (const node of nodes) {
  const item = document.createElement('li');
  item.className = node.kind === 'file' ? 'file' : 'symbol';
  const button = document.createElement('button');
  button.textContent = node.name;
  button.title = node.signature;
  button.dataset.id = node.id;
  button.addEventListener('click', () => choose(node.id));
  item.append(button);
  list.append(item);
}
document.getElementById('search').addEventListener('input', event => {
  const wanted = event.target.value.toLowerCase();
  for (const item of list.children) item.hidden = !item.firstChild.dataset.id.toLowerCase().includes(wanted);
});

/** Everything that depends on a node, by its distance. */
function blastRadius(id) {
  const levels = [[id]];
  const links = [];
  const seen = new Set([id]);
  while (levels.at(-1).length > 0) {
    const next = [];
    for (const target of levels.at(-1)) {
      for (const edge of users.get(target) ?? []) {
        if (!seen.has(edge.source)) { seen.add(edge.source); next.push(edge.source); links.push(edge); }
      }
    }
    levels.push(next);
  }
  levels.pop();
  return { levels, links };
}

function choose(id) {
  for (const button of list.querySelectorAll('button')) button.setAttribute('aria-current', String(button.dataset.id === id));
  const { levels, links } = blastRadius(id);
  const affected = levels.slice(1).flat();
  const files = new Set(affected.map(each => byId.get(each).file));
  document.getElementById('summary').textContent =
    byId.get(id).name + ': ' + affected.length + ' dependents in ' + files.size + ' files';
  document.getElementById('signature').textContent = byId.get(id).signature;
  const width = 210, row = 30, tallest = Math.max(...levels.map(level => level.length));
  const picture = document.getElementById('picture');
  picture.setAttribute('viewBox', '0 0 ' + Math.max(640, levels.length * width + 10) + ' ' + Math.max(120, tallest * row + 20));
  picture.replaceChildren();
  const places = new Map();
  levels.forEach((level, column) => level.forEach((each, at) => places.set(each, { x: column * width + 10, y: at * row + 12 })));
  const add = (parent, name, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  };
  for (const { source, target, confidence } of links) {
    const from = places.get(target), to = places.get(source);
    const [x1, y1, x2, y2] = [from.x + 170, from.y + 11, to.x, to.y + 11];
    add(picture, 'path', { class: confidence, d: 'M' + x1 + ' ' + y1 + ' C' + (x1 + 20) + ' ' + y1 + ' ' + (x2 - 20) + ' ' + y2 + ' ' + x2 + ' ' + y2 });
  }
  for (const [each, { x, y }] of places) {
    const group = add(picture, 'g', { class: each === id ? 'chosen' : '', transform: 'translate(' + x + ' ' + y + ')', 'data-id': each });
    add(group, 'rect', { width: 170, height: 22, rx: 4 });
    const name = byId.get(each).name;
    add(group, 'text', { x: 6, y: 15 }).textContent = name.length > 25 ? '…' + name.slice(-24) : name;
    add(group, 'title', {}).textContent = each;
    group.addEventListener('click', () => choose(each));
  }
}
if (nodes.length > 0) choose(nodes[0].id);
`
