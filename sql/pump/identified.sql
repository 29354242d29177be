select package, "row", person, found, payer, by from pump.identified where closing = {closing} order by package, "row"
