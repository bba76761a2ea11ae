/** HTML in which every text is escaped unless it says that it is markup. */
import { html } from '../exports/text.js';

export interface Markup {
  readonly markup: string;
}

export type MarkupChild = string | number | Markup | readonly MarkupChild[] | undefined | false;

/** Markup from a template: strings and numbers in it are escaped, markup and lists of it are not. */
export function h(strings: TemplateStringsArray, ...children: readonly MarkupChild[]): Markup {
  return { markup: String.raw({ raw: strings }, ...children.map(text)) };
}

function text(child: MarkupChild): string {
  if (child === undefined || child === false) return '';
  if (typeof child === 'string') return html(child);
  if (typeof child === 'number') return html(String(child));
  return 'markup' in child ? child.markup : child.map(text).join('');
}

/** Markup that we made ourselves from parts that are escaped. */
export function raw(markup: string): Markup {
  return { markup };
}
