insert into pump.document (closing, ordinal, kind, recipient, payer, code_mo, name, title, sha256, size)
values (:closing, :ordinal, :kind, :recipient, :payer, :code_mo, :name, :title, :sha256, :size)
