/** design.md: people are told when more than a hundredth fails. */
export const FAILURE_RATE = 0.01;
/** One of the first few that fails is no rate. */
export const RESULTS_FOR_A_RATE = 1_000;
