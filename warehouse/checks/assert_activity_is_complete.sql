-- Every activity row of the store is here once: as many rows, and the same sum of numbers.
SELECT count(*) AS rows_here, getvariable('store_rows') AS rows_in_store
FROM fact_activity
HAVING count(*) <> getvariable('store_rows') OR coalesce(sum(seq), 0) <> getvariable('store_sum');
