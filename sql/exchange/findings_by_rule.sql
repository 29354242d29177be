select member, rule, count(*) as findings from exchange.finding where package = :package group by member, rule
