// How fast the picture moved: the frames drawn while something was moving, for benches and tests.

const KEEP = 600;

export function makeStats() {
  let stamps = [];
  let costs = [];
  return {
    frame(cost) {
      stamps.push(performance.now());
      costs.push(cost);
      if (stamps.length > KEEP) stamps = stamps.slice(-KEEP);
      if (costs.length > KEEP) costs = costs.slice(-KEEP);
    },
    clear() {
      stamps = [];
      costs = [];
    },
    read: () => ({ count: stamps.length, stamps: [...stamps], costs: [...costs] }),
  };
}
