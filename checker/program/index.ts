/** Learners' programs as processes: made ready, started, watched, ended. */
export { builderScript } from './build-apart.js';
export { closeInherited } from './inherited.js';
export { kitFolder } from './prepare.js';
export { findPython, type Python } from './python.js';
export type {
  Guards,
  Launched,
  Launcher,
  LauncherRef,
  LaunchRequest,
  OpenLauncher,
} from './spec.js';
