import { BrokerStartError } from '../listen.js';

/** A line of a file, counted from 1. */
export interface FilePosition {
  readonly file: string;
  readonly line: number;
}

export const at = ({ file, line }: FilePosition): string => `${file}:${line}`;

/** A file the broker cannot use. The message has Mosquitto's words, `exitCode` is Mosquitto's. */
export class ConfigError extends BrokerStartError {
  readonly place: FilePosition | undefined;
  constructor(message: string, place?: FilePosition, exitCode = 3) {
    super(message, exitCode);
    this.name = 'ConfigError';
    this.place = place;
  }
}

/** Something the broker takes, but not as its author may think. */
export interface Warning {
  readonly text: string;
  readonly place: FilePosition;
}

/** The lines of a file as Mosquitto's fgets sees them: no final newline, trailing blanks trimmed. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n').map(line => line.replace(/[ \t\r\v\f]+$/, ''));
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
