// What the scripts here share: named checks, and the closing count that `cargo xtask test` reads.
let passed = 0;
let failed = 0;

export async function check(name, act) {
  try {
    await act();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`✗ ${name}: ${error?.stack ?? error}`);
  }
}

export function equal(actual, expected, what = "it") {
  const [left, right] = [actual, expected].map((value) => JSON.stringify(value));
  if (left !== right) throw new Error(`${what} is ${left}, expected ${right}`);
}

/// Says `N passed, M failed`, and ends.
export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}
