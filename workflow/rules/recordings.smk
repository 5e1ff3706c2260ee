# Recordings and their splits.


rule simulate:
    output:
        recording=update(pattern("simulate", "recording")),
    log:
        beside("logs", "simulate", ".log"),
    benchmark:
        beside("benchmarks", "simulate", ".jsonl")
    params:
        spec=spec("simulate"),
        code=f"code:{fingerprint('simulate')}",
        files=files("simulate"),
        record=beside("records", "simulate", ".json"),
    wildcard_constraints:
        recording=only(PLAN.simulated),
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "simulate"),
        runtime=needs("runtime", "simulate"),
    conda:
        "../../envs/cebra_pipe.yaml"
    shell:
        "python -m cebra_pipe simulate --spec {params.spec:q} --code {params.code} {params.files} "
        "--record {params.record:q} 2> {log:q}"


rule load:
    input:
        unpack(inputs("load")),
    output:
        recording=update(pattern("load", "recording")),
    log:
        beside("logs", "load", ".log"),
    benchmark:
        beside("benchmarks", "load", ".jsonl")
    params:
        spec=spec("load"),
        code=f"code:{fingerprint('load')}",
        files=files("load"),
        record=beside("records", "load", ".json"),
    wildcard_constraints:
        recording=only(PLAN.loaded),
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "load"),
        runtime=needs("runtime", "load"),
    conda:
        "../../envs/cebra_pipe.yaml"
    shell:
        "python -m cebra_pipe load --spec {params.spec:q} --code {params.code} {params.files} "
        "--record {params.record:q} 2> {log:q}"


rule split:
    input:
        unpack(inputs("split")),
    output:
        split=update(pattern("split", "split")),
    log:
        beside("logs", "split", ".log"),
    benchmark:
        beside("benchmarks", "split", ".jsonl")
    params:
        spec=spec("split"),
        code=f"code:{fingerprint('split')}",
        files=files("split"),
        record=beside("records", "split", ".json"),
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "split"),
        runtime=needs("runtime", "split"),
    conda:
        "../../envs/cebra_pipe.yaml"
    shell:
        "python -m cebra_pipe split --spec {params.spec:q} --code {params.code} {params.files} "
        "--record {params.record:q} 2> {log:q}"
