#!/usr/bin/env bash
# Grades a class on a Slurm cluster: one task of the array for each shard.
#
#   export SEED="$(openssl rand -hex 16)"
#   job="$(sbatch --parsable slurm.sh)"
#   sbatch --dependency="afterany:${job%%;*}" slurm-merge.sh
#
# Few big tasks are better than one for each learner: a task takes a share of the class.
#SBATCH --job-name=grade
#SBATCH --array=1-8
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --mem=4G
#SBATCH --time=04:00:00
#SBATCH --output=grade-%a.log
set -euo pipefail
: "${SEED:?every shard needs the same seed: export SEED before sbatch}"
cd "${SLURM_SUBMIT_DIR:-.}"
umask 077
mkdir -p shards

# Which shard of how many comes from SLURM_ARRAY_TASK_ID and what Slurm sets beside it. A task that
# is requeued goes on after what it had graded.
code=0
mqtt-course grade submissions \
  --lessons all --roster class.csv --course-file grading.yaml \
  --seed "$SEED" --require-sandbox --jobs "${SLURM_CPUS_PER_TASK:-1}" \
  --out "shards/$SLURM_ARRAY_TASK_ID" --formats csv || code=$?

# Exit code 3: a person has to look at something. The merge says it for the whole class.
[ "$code" -eq 3 ] || exit "$code"
