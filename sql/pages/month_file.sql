select name, sha256 from pump.document where closing = :id and ordinal = :file
