# Models and embeddings.


rule fit:
    input:
        unpack(inputs("fit")),
    output:
        model=update(pattern("fit", "model")),
        history=update(pattern("fit", "history")),
    log:
        beside("logs", "fit", ".log"),
    benchmark:
        beside("benchmarks", "fit", ".jsonl")
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: lambda wildcards: PLAN.threads(wildcards.condition)
    resources:
        gpu=GPUS,
        mem_mb=needs("mem_mb", "fit"),
        runtime=needs("runtime", "fit"),
    params:
        arguments=arguments("fit"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe fit @{params.arguments:q} --gpus {resources.gpu} 2> {log:q}"


rule fit_together:
    input:
        unpack(inputs("fit_together")),
    output:
        models=update(pattern("fit_together", "models")),
        history=update(pattern("fit_together", "history")),
    log:
        beside("logs", "fit_together", ".log"),
    benchmark:
        beside("benchmarks", "fit_together", ".jsonl")
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: lambda wildcards: PLAN.threads(wildcards.condition)
    resources:
        gpu=GPUS,
        mem_mb=needs("mem_mb", "fit_together"),
        runtime=needs("runtime", "fit_together"),
    params:
        arguments=arguments("fit_together"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe fit_together @{params.arguments:q} --gpus {resources.gpu} 2> {log:q}"


rule transform:
    input:
        unpack(inputs("transform")),
    output:
        embedding=update(pattern("transform", "embedding")),
    log:
        beside("logs", "transform", ".log"),
    benchmark:
        beside("benchmarks", "transform", ".jsonl")
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "transform"),
        runtime=needs("runtime", "transform"),
    params:
        arguments=arguments("transform"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe transform @{params.arguments:q} 2> {log:q}"


rule adapt:
    input:
        unpack(inputs("adapt")),
    output:
        adapted=update(pattern("adapt", "adapted")),
        models=update(pattern("adapt", "models")),
        history=update(pattern("adapt", "history")),
    log:
        beside("logs", "adapt", ".log"),
    benchmark:
        beside("benchmarks", "adapt", ".jsonl")
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: lambda wildcards: PLAN.threads(wildcards.condition)
    resources:
        gpu=GPUS,
        mem_mb=needs("mem_mb", "adapt"),
        runtime=needs("runtime", "adapt"),
    params:
        arguments=arguments("adapt"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe adapt @{params.arguments:q} --gpus {resources.gpu} 2> {log:q}"
