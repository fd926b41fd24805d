//! The Universal Scalability Law (Gunther 1993): throughput over concurrency.

/// Steps of Gauss–Newton after the linear start; it settles in a few.
const STEPS: usize = 20;
/// How often a step that makes the fit worse is halved before it is given up.
const HALVINGS: i32 = 12;
/// A further parameter must lower the sum of squares by this share.
const WORTH: f64 = 1e-6;

/// Which of λ, σ and κ are fitted; with few of them first, as one more must be worth it.
const ACTIVE: [[bool; 3]; 4] = [
    [true, false, false],
    [true, true, false],
    [true, false, true],
    [true, true, true],
];

/// X(N) = λN / (1 + σ(N − 1) + κN(N − 1)).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usl {
    /// λ: the throughput of one alone, above 0.
    pub lambda: f64,
    /// σ: contention, from 0.
    pub sigma: f64,
    /// κ: coherency, from 0.
    pub kappa: f64,
}

impl Usl {
    /// The throughput at a concurrency above 0.
    pub fn at(&self, n: f64) -> f64 {
        self.lambda * n / self.slowdown(n)
    }

    /// The concurrency at which throughput is highest, √((1 − σ)/κ) and at least 1; `None` when it never
    /// falls.
    pub fn peak(&self) -> Option<f64> {
        if self.sigma >= 1.0 && self.kappa > 0.0 {
            return Some(1.0);
        }
        (self.kappa > 0.0).then(|| ((1.0 - self.sigma) / self.kappa).sqrt().max(1.0))
    }

    fn slowdown(&self, n: f64) -> f64 {
        1.0 + self.sigma * (n - 1.0) + self.kappa * n * (n - 1.0)
    }

    fn is_possible(&self, points: &[(f64, f64)]) -> bool {
        let finite = [self.lambda, self.sigma, self.kappa]
            .iter()
            .all(|one| one.is_finite());
        finite
            && self.lambda > 0.0
            && self.sigma >= 0.0
            && self.kappa >= 0.0
            && points.iter().all(|(n, _)| self.slowdown(*n) > 0.0)
    }

    fn squares(&self, points: &[(f64, f64)]) -> f64 {
        points.iter().map(|(n, x)| (x - self.at(*n)).powi(2)).sum()
    }

    /// How throughput moves with each parameter.
    fn slopes(&self, n: f64) -> [f64; 3] {
        let slowdown = self.slowdown(n);
        let shared = -self.lambda * n / slowdown.powi(2);
        [n / slowdown, shared * (n - 1.0), shared * n * (n - 1.0)]
    }

    fn moved(&self, by: [f64; 3], share: f64) -> Usl {
        Usl {
            lambda: self.lambda + share * by[0],
            sigma: self.sigma + share * by[1],
            kappa: self.kappa + share * by[2],
        }
    }
}

/// Fits the law to points of concurrency and throughput, by least squares on the throughput.
///
/// N/X is a quadratic in N, whose linear fit is the start; Gauss–Newton continues from there. A parameter
/// that would come out below 0 is 0. `None` with fewer than three concurrencies, or when no throughput
/// is above 0; points that are not above 0 and finite are left out.
pub fn fit_usl(points: &[(f64, f64)]) -> Option<Usl> {
    let good = |(n, x): &&(f64, f64)| n.is_finite() && x.is_finite() && *n > 0.0 && *x > 0.0;
    let points: Vec<(f64, f64)> = points.iter().filter(good).copied().collect();
    let mut concurrencies: Vec<f64> = points.iter().map(|(n, _)| *n).collect();
    concurrencies.sort_by(f64::total_cmp);
    concurrencies.dedup();
    if concurrencies.len() < 3 {
        return None;
    }
    let total: f64 = points.iter().map(|(_, x)| x * x).sum();
    let mut best: Option<(Usl, f64)> = None;
    for active in ACTIVE {
        let Some(fit) = start(&points, active) else {
            continue;
        };
        let fit = refine(fit, &points, active);
        let squares = fit.squares(&points);
        let worth = |(_, known): &(Usl, f64)| squares < known * (1.0 - WORTH) - total * 1e-15;
        if best.as_ref().is_none_or(worth) {
            best = Some((fit, squares));
        }
    }
    best.map(|(fit, _)| fit)
}

/// N/X = 1/λ + σ/λ·(N − 1) + κ/λ·N(N − 1), weighted so that relative deviations count alike.
fn start(points: &[(f64, f64)], active: [bool; 3]) -> Option<Usl> {
    let rows = points.iter().map(|(n, x)| {
        let weight = x / n;
        let basis = [1.0, n - 1.0, n * (n - 1.0)];
        (basis.map(|one| one * weight), 1.0)
    });
    let [a, b, c] = least_squares(rows, active)?;
    let fit = Usl {
        lambda: 1.0 / a,
        sigma: b / a,
        kappa: c / a,
    };
    fit.is_possible(points).then_some(fit)
}

fn refine(mut fit: Usl, points: &[(f64, f64)], active: [bool; 3]) -> Usl {
    for _ in 0..STEPS {
        let rows = points.iter().map(|(n, x)| (fit.slopes(*n), x - fit.at(*n)));
        let Some(step) = least_squares(rows, active) else {
            return fit;
        };
        let squares = fit.squares(points);
        let shares = (0..HALVINGS).map(|halving| 0.5_f64.powi(halving));
        let better = shares
            .map(|share| fit.moved(step, share))
            .find(|next| next.is_possible(points) && next.squares(points) < squares);
        match better {
            Some(next) => fit = next,
            None => return fit,
        }
    }
    fit
}

/// Solves for the active coefficients by the normal equations, columns scaled; the others are 0.
fn least_squares(
    rows: impl Iterator<Item = ([f64; 3], f64)>,
    active: [bool; 3],
) -> Option<[f64; 3]> {
    let rows: Vec<([f64; 3], f64)> = rows.collect();
    let columns: Vec<usize> = (0..3).filter(|column| active[*column]).collect();
    let scale = |column: usize| {
        let largest = rows.iter().map(|(row, _)| row[column].abs());
        largest.fold(0.0, f64::max)
    };
    let scales: Vec<f64> = columns.iter().map(|column| scale(*column)).collect();
    if scales.iter().any(|scale| *scale <= 0.0) {
        return None;
    }
    let size = columns.len();
    let mut system = vec![vec![0.0; size + 1]; size];
    for (row, wanted) in &rows {
        let scaled: Vec<f64> = columns
            .iter()
            .zip(&scales)
            .map(|(column, scale)| row[*column] / scale)
            .collect();
        for i in 0..size {
            for j in 0..size {
                system[i][j] += scaled[i] * scaled[j];
            }
            system[i][size] += scaled[i] * wanted;
        }
    }
    let solved = solve(system)?;
    let mut coefficients = [0.0; 3];
    for ((column, scale), value) in columns.iter().zip(&scales).zip(solved) {
        coefficients[*column] = value / scale;
    }
    Some(coefficients)
}

/// Gaussian elimination with the largest pivot first; `None` for a singular system.
fn solve(mut system: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = system.len();
    for column in 0..size {
        let pivot = (column..size).max_by(|a, b| {
            system[*a][column]
                .abs()
                .total_cmp(&system[*b][column].abs())
        })?;
        system.swap(column, pivot);
        if system[column][column].abs() < 1e-13 {
            return None;
        }
        for row in 0..size {
            if row != column {
                let above = system[column].clone();
                let factor = system[row][column] / above[column];
                for (value, above) in system[row].iter_mut().zip(above).skip(column) {
                    *value -= factor * above;
                }
            }
        }
    }
    Some((0..size).map(|i| system[i][size] / system[i][i]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(law: Usl, at: &[f64]) -> Vec<(f64, f64)> {
        at.iter().map(|n| (*n, law.at(*n))).collect()
    }

    fn law(lambda: f64, sigma: f64, kappa: f64) -> Usl {
        Usl {
            lambda,
            sigma,
            kappa,
        }
    }

    fn close(a: f64, b: f64, share: f64) -> bool {
        (a - b).abs() <= share * b.abs().max(1e-9)
    }

    #[test]
    fn known_curves_are_found_again() {
        let at = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
        for truth in [
            law(1000.0, 0.0, 0.0),
            law(995.6, 0.0267, 0.000_769),
            law(40.0, 0.2, 0.0),
            law(40.0, 0.0, 0.001),
            law(3.0, 0.9, 0.01),
        ] {
            let fit = fit_usl(&points(truth, &at)).expect("a fit");
            assert!(close(fit.lambda, truth.lambda, 1e-6), "{fit:?} {truth:?}");
            assert!((fit.sigma - truth.sigma).abs() < 1e-6, "{fit:?} {truth:?}");
            assert!((fit.kappa - truth.kappa).abs() < 1e-8, "{fit:?} {truth:?}");
        }
    }

    #[test]
    fn the_published_example_comes_out_as_published() {
        // A ray tracer on an SGI Origin 2000 (Gunther 2007), for which σ is about 0.05 and κ next to 0.
        let measured = [
            (1.0, 20.0),
            (4.0, 78.0),
            (8.0, 130.0),
            (12.0, 170.0),
            (16.0, 190.0),
            (20.0, 200.0),
            (24.0, 210.0),
            (28.0, 230.0),
            (32.0, 260.0),
            (48.0, 280.0),
            (64.0, 310.0),
        ];
        let fit = fit_usl(&measured).expect("a fit");
        assert!((0.03..0.07).contains(&fit.sigma), "{fit:?}");
        assert!(fit.kappa < 1e-4, "{fit:?}");
        assert!((18.0..24.0).contains(&fit.lambda), "{fit:?}");
    }

    #[test]
    fn the_peak_is_where_throughput_is_highest() {
        let peaked = law(100.0, 0.05, 0.000_1);
        let peak = peaked.peak().expect("a peak");
        assert!(close(peak, (0.95_f64 / 0.000_1).sqrt(), 1e-12));
        assert!(peaked.at(peak) > peaked.at(peak - 1.0));
        assert!(peaked.at(peak) > peaked.at(peak + 1.0));
        assert_eq!(law(100.0, 0.05, 0.0).peak(), None);
        assert_eq!(law(100.0, 1.5, 0.1).peak(), Some(1.0));
    }

    #[test]
    fn noise_moves_the_fit_little() {
        let truth = law(2.0, 0.02, 0.000_05);
        let at = [10.0, 25.0, 50.0, 100.0, 200.0, 400.0];
        let noise = [1.01, 0.99, 1.02, 0.985, 1.0, 1.01];
        let noisy = points(truth, &at).into_iter().zip(noise);
        let noisy: Vec<_> = noisy.map(|((n, x), noise)| (n, x * noise)).collect();
        let fit = fit_usl(&noisy).expect("a fit");
        for (n, x) in points(truth, &at) {
            assert!(close(fit.at(n), x, 0.03), "{n}: {} {x}", fit.at(n));
        }
        let peak = (fit.peak().expect("a peak"), truth.peak().expect("a peak"));
        assert!(close(peak.0, peak.1, 0.2), "{peak:?}");
    }

    #[test]
    fn too_little_is_no_fit() {
        let nan = f64::NAN;
        let table: [&[(f64, f64)]; 6] = [
            &[],
            &[(1.0, 10.0), (2.0, 20.0)],
            &[(5.0, 10.0), (5.0, 11.0), (5.0, 12.0), (6.0, 12.0)],
            &[(1.0, 0.0), (2.0, 0.0), (3.0, 0.0)],
            &[(1.0, nan), (2.0, nan), (3.0, 1.0)],
            &[(-1.0, 5.0), (0.0, 5.0), (3.0, 1.0)],
        ];
        for few in table {
            assert_eq!(fit_usl(few), None, "{few:?}");
        }
    }

    #[test]
    fn a_line_has_neither_contention_nor_a_peak() {
        let fit = fit_usl(&[(50.0, 50.1), (100.0, 99.7), (200.0, 200.4), (400.0, 400.2)]);
        let fit = fit.expect("a fit");
        assert!(close(fit.at(100.0), 100.0, 0.01), "{fit:?}");
        assert!(fit.peak().is_none_or(|peak| peak > 400.0), "{fit:?}");
    }

    proptest! {
        #[test]
        fn any_points_give_a_possible_law_or_none(
            points in prop::collection::vec((0.01_f64..1e5, 0.01_f64..1e6), 0..12)
        ) {
            if let Some(fit) = fit_usl(&points) {
                prop_assert!(fit.is_possible(&points));
                prop_assert!(points.iter().all(|(n, _)| fit.at(*n).is_finite()));
            }
        }
    }
}
