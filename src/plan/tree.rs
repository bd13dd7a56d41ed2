//! N sorted uniforms, any of them without the others: integer hierarchical binomial splitting
//! (docs/sources.md, Arrivals).
//!
//! A node of a binary tree holds n points; as many of them fall into its left half as the first n bits
//! of its own random stream have ones, which is an exact Binomial(n, ½). A leaf draws its few points
//! and sorts them. No floating point takes part, so no platform's rounding changes a bit, and memory
//! is one leaf and one node a level.

use crate::unit::philox;

/// Mean points of a leaf are between half of this and this.
const LEAF_POINTS: u64 = 256;
/// Levels of a subtree under the remembered ones: at most 2¹⁰ · 256 points, entered in about 40 µs.
const SUBTREE_LEVELS: u32 = 10;
/// Levels whose splits are remembered at most: 4,096 nodes, 96 KB.
const TOP_LEVELS_MAX: u32 = 12;

const DOMAIN_SPLIT: u32 = 1;
const DOMAIN_LEAF: u32 = 2;

/// The sorted uniforms of one population.
#[derive(Debug)]
pub struct Tree {
    seed: u64,
    depth: u32,
    /// The nodes of one level, left to right; at first the root alone.
    top: Vec<Node>,
}

/// A node: its heap index (root 1, children 2h and 2h + 1), its first point's number, its points.
#[derive(Clone, Copy, Debug)]
struct Node {
    heap: u64,
    start: u64,
    points: u64,
}

impl Node {
    fn end(&self) -> u64 {
        self.start + self.points
    }

    fn level(&self) -> u32 {
        self.heap.ilog2()
    }
}

impl Tree {
    /// The tree of `points` points under a population's seed; nothing is drawn yet.
    pub fn new(seed: u64, points: u64) -> Self {
        let depth = points.div_ceil(LEAF_POINTS).next_power_of_two().ilog2();
        Self { seed, depth, top: vec![Node { heap: 1, start: 0, points }] }
    }

    /// Draws the splits of the top levels and remembers them, so that from here on any point is found
    /// in microseconds and a walk over all of them never pauses for long.
    pub fn remember_top(&mut self) {
        let wanted = self.depth.saturating_sub(SUBTREE_LEVELS).min(TOP_LEVELS_MAX);
        for _ in self.top[0].level()..wanted {
            self.top = self.top.iter().flat_map(|&node| self.split(node)).collect();
        }
    }

    /// Points `first`, `first + step`, … below `end`, as numbers and 64-bit fractions in order.
    pub fn points(&self, first: u64, end: u64, step: u64) -> Points<'_> {
        let next_top = self.top.partition_point(|node| node.end() <= first);
        Points { tree: self, wanted: first, end, step, next_top, stack: Vec::new(), leaf: Vec::new(), leaf_start: 0 }
    }

    /// Point `i`, as a 64-bit fraction of one; `None` past the last.
    pub fn at(&self, i: u64) -> Option<u64> {
        self.points(i, i.saturating_add(1), 1).next().map(|(_, word)| word)
    }

    fn split(&self, node: Node) -> [Node; 2] {
        let left = self.ones(node.heap, node.points);
        [
            Node { heap: 2 * node.heap, start: node.start, points: left },
            Node { heap: 2 * node.heap + 1, start: node.start + left, points: node.points - left },
        ]
    }

    /// How many of the first `bits` bits of a node's stream are ones, the low bit of w0 first.
    fn ones(&self, heap: u64, bits: u64) -> u64 {
        let block = |block: u64| philox(self.seed, split_counter(heap, block));
        let whole: u64 = (0..bits / 128).map(block).map(|[w0, w1]| u64::from(w0.count_ones() + w1.count_ones())).sum();
        let rest = bits % 128;
        if rest == 0 {
            return whole;
        }
        let [w0, w1] = block(bits / 128);
        let kept = (u128::from(w0) | u128::from(w1) << 64) & ((1 << rest) - 1);
        whole + u64::from(kept.count_ones())
    }

    fn fill_leaf(&self, node: Node, leaf: &mut Vec<u64>) {
        let number = node.heap - (1 << self.depth);
        leaf.clear();
        for block in 0..node.points.div_ceil(2) {
            let words = philox(self.seed, [block as u32, number as u32, (number >> 32) as u32, DOMAIN_LEAF]);
            leaf.extend(
                words.map(|word| if self.depth == 0 { word } else { number << (64 - self.depth) | word >> self.depth }),
            );
        }
        leaf.truncate(node.points as usize);
        leaf.sort_unstable();
    }
}

/// Where block `block` of a node's stream is. A tree of the most points that a plan allows has 2³² leaves, so that the
/// third word has room for what a block's number has beyond 32 bits, which only the root needs.
fn split_counter(heap: u64, block: u64) -> [u32; 4] {
    [block as u32, heap as u32, (heap >> 32 | block >> 32 << 16) as u32, DOMAIN_SPLIT]
}

/// The iterator of [`Tree::points`].
#[derive(Debug)]
pub struct Points<'a> {
    tree: &'a Tree,
    wanted: u64,
    end: u64,
    step: u64,
    next_top: usize,
    stack: Vec<Node>,
    leaf: Vec<u64>,
    leaf_start: u64,
}

impl Points<'_> {
    /// Goes on to the leaf that holds the wanted point, past everything before it; `None` after the last.
    fn load(&mut self) -> Option<()> {
        loop {
            let node = match self.stack.pop() {
                Some(node) => node,
                None => {
                    self.next_top += 1;
                    *self.tree.top.get(self.next_top - 1)?
                }
            };
            if node.end() <= self.wanted {
                continue;
            }
            if node.level() == self.tree.depth {
                self.leaf_start = node.start;
                self.tree.fill_leaf(node, &mut self.leaf);
                return Some(());
            }
            let [left, right] = self.tree.split(node);
            self.stack.extend([right, left]);
        }
    }
}

impl Iterator for Points<'_> {
    type Item = (u64, u64);

    fn next(&mut self) -> Option<(u64, u64)> {
        if self.wanted >= self.end {
            return None;
        }
        if self.wanted >= self.leaf_start + self.leaf.len() as u64 {
            self.load()?;
        }
        let number = self.wanted;
        self.wanted = number.saturating_add(self.step);
        Some((number, self.leaf[(number - self.leaf_start) as usize]))
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::super::size::REQUESTS_MAX;
    use super::*;

    fn all(tree: &Tree, n: u64) -> Vec<u64> {
        tree.points(0, n, 1).map(|(_, word)| word).collect()
    }

    #[test]
    fn four_points_are_one_sorted_leaf() {
        let expected = [0x10ff_a4fc_92a0_a900, 0x12c8_f469_7333_5b02, 0x2ff5_bc57_53c0_fa72, 0xd58c_e9be_6062_12cf];
        assert_eq!(all(&Tree::new(42, 4), 4), expected);
        assert_eq!(Tree::new(42, 4).at(4), None);
        assert_eq!(Tree::new(42, 0).at(0), None);
    }

    #[test]
    fn a_thousand_points_match_the_reference_vectors() {
        let tree = Tree::new(42, 1000);
        assert_eq!(tree.depth, 2);
        let halves = tree.split(tree.top[0]);
        assert_eq!(halves[0].points, 492);
        assert_eq!(halves.map(|half| tree.split(half).map(|leaf| leaf.points)), [[252, 240], [233, 275]]);
        let points = all(&tree, 1000);
        assert_eq!(points[..3], [0x0033_de52_b6bf_1e66, 0x0061_279f_60b3_2743, 0x0080_12ca_77f7_ae79]);
        assert_eq!(points[500], 0x8270_9172_7893_c75a);
        assert_eq!(points[999], 0xffed_6142_f55c_f5c2);
        let bytes: Vec<u8> = points.iter().flat_map(|word| word.to_le_bytes()).collect();
        let hex: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5f6b22fefefbab0cc0a29eed89f3288b5714f8ef85672ef80b8d34c0c9b4f824");
    }

    #[test]
    fn single_points_of_large_trees_match_the_reference_vectors() {
        assert_eq!(Tree::new(7, 200_000).at(123_456), Some(0x9dfe_f826_4653_198a));
        let tree = Tree::new(42, 7_000_000);
        assert_eq!(tree.split(tree.top[0])[0].points, 3_497_485);
        assert_eq!(tree.at(3_500_000), Some(0x8018_34f1_6df5_2cd4));
        assert_eq!(Tree::new(42, 1_000_000_000).at(500_000_000), Some(0x8000_3a5b_1e2c_937d));
    }

    /// The root of 10¹² points has more blocks than a u32 counts, and a wrapped number would draw a block again.
    #[test]
    fn the_largest_plan_draws_no_block_twice() {
        let last = REQUESTS_MAX / 128;
        assert!(last > u64::from(u32::MAX));
        for heap in [1, 2, 3, 1 << 32, (1 << 33) - 1] {
            let blocks = [0, 1, u64::from(u32::MAX), 1 << 32, (1 << 32) + 1, last];
            let mut counters = blocks.map(|block| split_counter(heap, block)).to_vec();
            counters.extend(blocks.map(|block| split_counter(heap ^ 1 << 32, block)));
            counters.sort_unstable();
            counters.dedup();
            assert_eq!(counters.len(), 12, "{heap}");
            assert_eq!(split_counter(heap, 7), [7, heap as u32, (heap >> 32) as u32, 1], "as ever");
        }
    }

    #[test]
    fn remembered_splits_and_steps_change_no_point() {
        let n = 1_000_000;
        let plain = Tree::new(9, n);
        let mut remembered = Tree::new(9, n);
        remembered.remember_top();
        assert!(remembered.top.len() > 1);
        let whole = all(&plain, n);
        assert_eq!(all(&remembered, n), whole);
        assert!(whole.is_sorted());
        for (first, step) in [(0, 7), (3, 64), (12, 5003), (999_999, 1)] {
            let expected: Vec<_> = (first..n).step_by(step as usize).map(|i| (i, whole[i as usize])).collect();
            assert_eq!(remembered.points(first, n, step).collect::<Vec<_>>(), expected);
        }
    }
}
