update erz.document d
set valid_to = r.date_op - 1, ended_by = r.package
from change_arriving r join document_arriving n on n.row = r.row
where r.refusal is null and r.does in ('state', 'data', 'open')
    and d.person = r.person and d.doctype = n.doctype and d.valid_to is null
    and d.number_key <> erz.number_key(coalesce(n.docser, '') || n.docnum)
