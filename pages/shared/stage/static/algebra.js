// The little linear algebra that the browser needs. Matrices are lists of rows; d is 2 or 3.

export const identity = (d) => Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => +(i === j)));

export const times = (matrix, vector) => matrix.map((row) => row.reduce((sum, a, j) => sum + a * vector[j], 0));

export const multiply = (A, B) => A.map((row) => B[0].map((_, j) => row.reduce((sum, a, k) => sum + a * B[k][j], 0)));

export function det(M) {
  if (M.length === 2) return M[0][0] * M[1][1] - M[0][1] * M[1][0];
  const minor = (j, k) => M[1][j] * M[2][k] - M[1][k] * M[2][j];
  return M[0][0] * minor(1, 2) - M[0][1] * minor(0, 2) + M[0][2] * minor(0, 1);
}

/** Rotation by `angle`; in space about `axis` (Rodrigues' formula). */
export function rotation(angle, axis) {
  const c = Math.cos(angle), s = Math.sin(angle);
  if (!axis) return [[c, -s], [s, c]];
  const length = Math.hypot(...axis) || 1;
  const [x, y, z] = axis.map((entry) => entry / length);
  const t = 1 - c;
  return [
    [c + t * x * x, t * x * y - s * z, t * x * z + s * y],
    [t * x * y + s * z, c + t * y * y, t * y * z - s * x],
    [t * x * z - s * y, t * y * z + s * x, c + t * z * z],
  ];
}

function unit([x, y]) {
  const length = Math.hypot(x, y);
  return length > 0 ? [x / length, y / length] : null;
}

/** A direction v with (M - lambda I) v = 0: orthogonal to the longer row. */
function kernel(M, lambda) {
  const rows = [[M[0][0] - lambda, M[0][1]], [M[1][0], M[1][1] - lambda]];
  const [p, q] = Math.hypot(...rows[0]) >= Math.hypot(...rows[1]) ? rows[0] : rows[1];
  return unit([-q, p]);
}

/** Unit eigen-directions of a real 2x2 matrix: none (rotation-like, or every direction), one or two. */
export function eigenDirections(M) {
  const half = (M[0][0] + M[1][1]) / 2;
  const square = half * half - det(M);
  const scale = Math.max(1e-12, half * half, Math.abs(det(M)));
  if (square < -1e-12 * scale) return [];
  const root = Math.sqrt(Math.max(0, square));
  const lambdas = root < 1e-6 * Math.sqrt(scale) ? [half] : [half + root, half - root];
  return lambdas.map((lambda) => kernel(M, lambda)).filter(Boolean);
}

export const column = (matrix, j) => matrix.map((row) => row[j]);

export const withColumn = (matrix, j, vector) => matrix.map((row, i) => row.map((a, k) => (k === j ? vector[i] : a)));
