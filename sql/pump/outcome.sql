select * from pump.{table} where closing = {closing} order by 2, 3
