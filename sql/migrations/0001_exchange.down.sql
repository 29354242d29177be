drop schema exchange cascade;
-- The roles belong to the cluster, where other databases may use them: they stay.
