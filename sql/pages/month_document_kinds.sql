select kind, count(*) as files from pump.document where closing = :id group by kind order by kind
