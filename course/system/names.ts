/** Names of devices: no file may be called so on Windows, whatever stands behind a dot. */
const device = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

// biome-ignore lint/suspicious/noControlCharactersInRegex: Windows forbids them in names
const sign = /[<>:"/\\|?*\u0000-\u001F]/;

/**
 * Whether Windows forbids a name of a file or folder. A folder that is made on one system and opened
 * on another holds no such names, so this is asked on every system.
 */
export function forbiddenName(name: string): boolean {
  return name === '' || device.test(name.trimEnd()) || sign.test(name) || /[. ]$/.test(name);
}
