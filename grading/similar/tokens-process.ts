import type { Track } from '../../checker/index.js';
import { serve } from '../apart/serve.js';
import { type Token, tokensOf } from './tokens.js';

/* A process that parses programs, so that none of them can cost the comparison its time or memory. */

export interface TokensQuestion {
  readonly source: string;
  readonly track: Track;
}

serve<TokensQuestion, Token[]>(({ source, track }) => tokensOf(source, track));
