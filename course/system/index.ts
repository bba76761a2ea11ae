/** What depends on the machine: its shell, its paths, the names it forbids, what to install how. */
export * from './advice.js';
export * from './command.js';
export * from './locked.js';
export * from './names.js';
export * from './paths.js';
export * from './shell.js';
