"""Impact of a change of the rules: stored packages replayed under the rules before and after it."""
