select package, "row", person, found, payer, by, attached from pump.identified where closing = {closing} order by package, "row"
