/** Where submissions run: what this machine can keep apart, and a sandbox of that kind. */
export { defaultLimits } from './limits.js';
export { type IsolationProbe, probeIsolation } from './probe.js';
export { type OpenSandboxOptions, openSandbox, type Sandbox } from './sandbox.js';
export { type SealRequest, sealContainer } from './seal.js';
