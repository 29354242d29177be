delete from pump.{table} where closing = :closing
