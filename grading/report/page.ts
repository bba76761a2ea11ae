/** The page that feedback and report share: one file, nothing loaded, nothing that runs. */
import { h, type Markup, type MarkupChild, raw } from './markup.js';

export interface Page {
  readonly title: string;
  readonly body: MarkupChild;
  /** Style beside that of all pages: ours, never a learner's. */
  readonly style?: string;
}

/**
 * A whole document. The policy in its head forbids scripts and everything from elsewhere, so that
 * not even a text that slipped through could run or call home.
 */
export function page({ title, body, style = '' }: Page): string {
  const policy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
  return `${
    h`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${raw(`${STYLE}${style}`)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
${body}
</body>
</html>
`.markup
  }`;
}

/** Text that may be in any script and any direction. */
export function name(text: string): Markup {
  return h`<bdi>${text}</bdi>`;
}

/** Colours of state with words beside them; the contrast of every pair is 4.5 or more. */
const STYLE = `
:root{color-scheme:light dark;--back:#fbfbf9;--card:#fff;--ink:#1d2327;--dim:#57616a;--line:#dcdfe0;--soft:#f1f2ef;--good:#1a6b3c;--good-soft:#e3f1e7;--bad:#a3261b;--bad-soft:#fbe9e6;--ask:#7a5200;--ask-soft:#fbf0d6;--link:#0b5cad;--bar:#4d7ea8}
@media (prefers-color-scheme:dark){:root{--back:#14181b;--card:#1b2024;--ink:#e4e7e9;--dim:#a0a9b1;--line:#333b41;--soft:#22282d;--good:#7fd09a;--good-soft:#1b3325;--bad:#ff9d92;--bad-soft:#3d211f;--ask:#f0c674;--ask-soft:#382d16;--link:#84bdf5;--bar:#6ea3cf}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:break-word}
.wrap{max-width:62rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1,h2,h3,h4{line-height:1.25;margin:0;text-wrap:balance}
h1{font-size:1.9rem;letter-spacing:-.01em}
h2{font-size:1.3rem}
h3{font-size:1.05rem}
p,ul,ol,dl{margin:.6rem 0}
a{color:var(--link);text-underline-offset:.15em}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem;z-index:1}
.dim{color:var(--dim)}
.small{font-size:.875rem}
.nowrap{white-space:nowrap}
.over{color:var(--dim);font-size:.9rem;margin:0 0 .25rem}
.good{color:var(--good)}.bad{color:var(--bad)}.ask{color:var(--ask)}
.tag{display:inline-block;padding:.05rem .5rem;border-radius:1rem;font-size:.84rem;font-weight:600;white-space:nowrap}
.tag.good{background:var(--good-soft)}.tag.bad{background:var(--bad-soft)}.tag.ask{background:var(--ask-soft)}.tag.dim{background:var(--soft)}
.num{font-variant-numeric:tabular-nums;text-align:right;white-space:nowrap}
code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
pre{margin:.35rem 0;padding:.6rem .8rem;background:var(--soft);border-radius:.4rem;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.5}
table{border-collapse:collapse;width:100%;margin:.8rem 0}
caption{text-align:left;color:var(--dim);font-size:.9rem;padding-bottom:.4rem}
th,td{padding:.42rem .7rem;border-bottom:1px solid var(--line);vertical-align:top;text-align:left}
th{font-weight:600}
thead th{color:var(--dim);font-size:.84rem;border-bottom-width:2px;vertical-align:bottom}
th:first-child,td:first-child{padding-left:.2rem}
th.num,td.num{text-align:right}
.scroll{overflow-x:auto;margin:.8rem 0}
.scroll>table{margin:0}
section{margin-top:2.6rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.15rem;margin:.9rem 0}
.meter{height:.5rem;border-radius:.25rem;background:var(--soft);border:1px solid var(--line);overflow:hidden}
.meter>span{display:block;height:100%;background:var(--bar)}
details>summary{cursor:pointer;padding:.3rem 0;color:var(--link)}
.foot{margin-top:3.5rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--dim);font-size:.875rem}
.clauses{list-style:none;padding:0;margin:.3rem 0;color:var(--dim);font-size:.875rem}
dl.four{margin:.7rem 0 0;display:grid;grid-template-columns:5.5rem minmax(0,1fr);gap:.45rem .8rem}
dl.four dt{font-weight:600}
dl.four dd{margin:0}
dl.four pre{margin:0}
@media (max-width:34rem){.wrap{padding:1.25rem .9rem 3rem}h1{font-size:1.5rem}.card{padding:.8rem .85rem}dl.four{grid-template-columns:minmax(0,1fr);gap:.1rem}dl.four dd{margin-bottom:.5rem}th,td{padding:.4rem .35rem}.tag{white-space:normal;border-radius:.5rem}}
@media print{:root{color-scheme:light;--back:#fff;--card:#fff;--ink:#000;--dim:#444;--line:#bbb;--soft:#f4f4f4;--good:#1a6b3c;--good-soft:#fff;--bad:#a3261b;--bad-soft:#fff;--ask:#7a5200;--ask-soft:#fff;--link:#000;--bar:#777}body{font-size:10.5pt}.wrap{max-width:none;padding:0}.skip,nav{display:none}.card,tr{break-inside:avoid}h2,h3{break-after:avoid}section{margin-top:1.4rem}details::details-content{content-visibility:visible;display:block}details>summary{list-style:none}.scroll{overflow:visible}}
`;
