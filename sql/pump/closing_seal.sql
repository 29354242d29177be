update pump.closing set decisions_sha256 = coalesce(:decisions, decisions_sha256),
    lines_sha256 = coalesce(:lines, lines_sha256)
where id = :id
