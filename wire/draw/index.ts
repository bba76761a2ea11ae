/** Exchanges made visible: pure functions of a trace. */
export { type AlignedPair, alignTraces } from './align.js';
export { type CompareOptions, type Comparison, drawComparison } from './compare.js';
export { type DiagramOptions, drawDiagram } from './diagram.js';
export {
  type BitPart,
  type BytePart,
  type ExplainOptions,
  explainBytes,
  explainPacket,
} from './explain.js';
export { explainTable, type TableOptions } from './explain-table.js';
export { type LiveDiagram, type LiveOptions, liveDiagram } from './live.js';
export { drawMermaid, type MermaidOptions } from './mermaid.js';
export { drawPcap, PCAP_CHOICE } from './pcap.js';
export type { Cited, Lifelines } from './scene.js';
export { drawSvg, type SvgOptions } from './svg.js';
