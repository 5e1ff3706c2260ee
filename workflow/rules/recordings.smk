# Recordings and their splits.


rule simulate:
    input:
        unpack(inputs("simulate")),
    output:
        recording=update(pattern("simulate", "recording")),
    log:
        beside("logs", "simulate", ".log"),
    benchmark:
        beside("benchmarks", "simulate", ".jsonl")
    wildcard_constraints:
        recording=only(PLAN.simulated),
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "simulate"),
        runtime=needs("runtime", "simulate"),
    params:
        arguments=arguments("simulate"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe simulate @{params.arguments:q} 2> {log:q}"


rule load:
    input:
        unpack(inputs("load")),
    output:
        recording=update(pattern("load", "recording")),
    log:
        beside("logs", "load", ".log"),
    benchmark:
        beside("benchmarks", "load", ".jsonl")
    wildcard_constraints:
        recording=only(PLAN.loaded),
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "load"),
        runtime=needs("runtime", "load"),
    params:
        arguments=arguments("load"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe load @{params.arguments:q} 2> {log:q}"


rule split:
    input:
        unpack(inputs("split")),
    output:
        split=update(pattern("split", "split")),
    log:
        beside("logs", "split", ".log"),
    benchmark:
        beside("benchmarks", "split", ".jsonl")
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "split"),
        runtime=needs("runtime", "split"),
    params:
        arguments=arguments("split"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe split @{params.arguments:q} 2> {log:q}"
