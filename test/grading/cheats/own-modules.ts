// attack: brings its own mqtt, package.json, .npmrc and tsconfig
// lesson: 1
// with: solution
// files: node_modules/mqtt/index.js package.json .npmrc tsconfig.json mqtt.js
// outcome: passed
const planted = (globalThis as { planted?: string }).planted;
if (planted) console.log(`LEAK ${planted}`);
