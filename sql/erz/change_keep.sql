insert into erz.change (
    package, row, n_rec, id, tip_op, date_op, enp, fam, im, ot, dr, w, snils, dead_on, kind, series, number, person, refusal
)
select
    package, row, n_rec, id, tip_op, date_op, enp, fam, im, ot, dr, w, snils, dead_on, kind, series, number, person, refusal
from change_arriving
