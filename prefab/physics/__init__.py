"""Physics as pure functions over numbers or arrays of hours: weather, moist air, cooling, electricity, tokens."""
