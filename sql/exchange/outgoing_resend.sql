-- The same files once more: names and bytes stay, so a copy that arrived already is replaced by itself.
update exchange.outgoing set sent_at = null, attempts = 0, due_at = :now where package = :id returning name, sha256
