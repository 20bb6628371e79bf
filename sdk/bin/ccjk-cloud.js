#!/usr/bin/env node
// Starts the command line: from its TypeScript in the clone, where src lies beside this folder, else from the build.
// Written for old Nodes too, so that they get to the sentence that says what to do.
import { existsSync } from 'node:fs';

const isClone = existsSync(new URL('../src/cli/main.ts', import.meta.url));
const [neededMajor, neededMinor] = isClone ? [22, 18] : [20, 0]; // 22.18 runs TypeScript without a flag
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < neededMajor || (major === neededMajor && minor < neededMinor)) {
  console.error(
    isClone
      ? `Node ${process.versions.node} is too old to run ccjk-cloud from its source: start it with "npx ccjk-cloud" inside the clone, which brings Node 24, or install Node 22.18 or newer.`
      : `Node ${process.versions.node} is too old for ccjk-cloud: install Node 20 or newer from https://nodejs.org and try again.`,
  );
  process.exit(1);
}

await import(new URL(isClone ? '../src/cli/main.ts' : '../dist/cli.js', import.meta.url).href);
