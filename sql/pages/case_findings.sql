select rule, severity, element, value, message, byte_offset from exchange.finding
where package = :package and idcase = cast(:idcase as text) order by ordinal limit 200
