import { type Machine, setVariable, shellInUse } from './shell.js';

/** What a person may have to install, and is told how. */
export type Wanted = 'mosquitto' | 'mosquitto-clients' | 'python' | 'paho-mqtt';

const debian: Record<Wanted, string> = {
  mosquitto: 'Debian and Ubuntu: sudo apt install mosquitto',
  'mosquitto-clients': 'Debian and Ubuntu: sudo apt install mosquitto-clients',
  python: 'from python.org, or on Debian and Ubuntu: sudo apt install python3 python3-paho-mqtt',
  'paho-mqtt': 'sudo apt install python3-paho-mqtt',
};

const elsewhere: Partial<Record<NodeJS.Platform, Record<Wanted, string>>> = {
  win32: {
    mosquitto:
      'Windows: winget install EclipseFoundation.Mosquitto, or the installer from mosquitto.org',
    // One installer brings the broker and the clients.
    'mosquitto-clients':
      'Windows: winget install EclipseFoundation.Mosquitto, or the installer from mosquitto.org',
    python: 'from python.org or the Microsoft Store, then: py -m pip install paho-mqtt',
    'paho-mqtt': 'py -m pip install paho-mqtt',
  },
  darwin: {
    mosquitto: 'macOS: brew install mosquitto',
    'mosquitto-clients': 'macOS: brew install mosquitto',
    python: 'from python.org, or: brew install python, then: python3 -m pip install paho-mqtt',
    'paho-mqtt': 'python3 -m pip install paho-mqtt',
  },
};

/** How to install something on this system, to go behind a sentence or a colon. */
export function howToInstall(
  wanted: Wanted,
  { platform = process.platform }: Machine = {},
): string {
  return (elsewhere[platform] ?? debian)[wanted];
}

/**
 * How to install paho-mqtt for one Python, by the words that start it: pip of another Python would
 * put it where this one does not look.
 */
export function howToInstallPaho(
  python: readonly string[],
  { platform = process.platform }: Machine = {},
): string {
  const pip = `${python.map(spaced).join(' ')} -m pip install paho-mqtt`;
  return platform === 'linux' ? `${pip}   or: ${debian['paho-mqtt']}` : pip;
}

/** How to say which Python is meant. */
export function nameAPython(machine: Machine = {}): string {
  const { platform = process.platform } = machine;
  if (platform !== 'win32') return 'MQTT_COURSE_PYTHON=/path/to/python3';
  return setVariable(shellInUse(machine), 'MQTT_COURSE_PYTHON', 'C:\\path\\to\\python.exe');
}

const spaced = (word: string) => (word.includes(' ') ? `"${word}"` : word);
