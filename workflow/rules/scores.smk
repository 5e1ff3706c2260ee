# What embeddings are worth.


rule decode:
    input:
        unpack(inputs("decode")),
    output:
        scores=update(pattern("decode", "scores")),
        traces=update(pattern("decode", "traces")),
    log:
        beside("logs", "decode", ".log"),
    benchmark:
        beside("benchmarks", "decode", ".jsonl")
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "decode"),
        runtime=needs("runtime", "decode"),
    params:
        arguments=arguments("decode"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe decode @{params.arguments:q} 2> {log:q}"


rule align:
    input:
        unpack(inputs("align")),
    output:
        aligned=update(pattern("align", "aligned")),
    log:
        beside("logs", "align", ".log"),
    benchmark:
        beside("benchmarks", "align", ".jsonl")
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "align"),
        runtime=needs("runtime", "align"),
    params:
        arguments=arguments("align"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe align @{params.arguments:q} 2> {log:q}"


rule consistency:
    input:
        unpack(inputs("consistency")),
    output:
        consistency=update(pattern("consistency", "consistency")),
    log:
        beside("logs", "consistency", ".log"),
    benchmark:
        beside("benchmarks", "consistency", ".jsonl")
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "consistency"),
        runtime=needs("runtime", "consistency"),
    params:
        arguments=arguments("consistency"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe consistency @{params.arguments:q} 2> {log:q}"


rule transfer:
    input:
        unpack(inputs("transfer")),
    output:
        transfer=update(pattern("transfer", "transfer")),
    log:
        beside("logs", "transfer", ".log"),
    benchmark:
        beside("benchmarks", "transfer", ".jsonl")
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "transfer"),
        runtime=needs("runtime", "transfer"),
    params:
        arguments=arguments("transfer"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe transfer @{params.arguments:q} 2> {log:q}"
