# What a reader sees.


rule figures:
    input:
        unpack(inputs("figures")),
    output:
        png=report(
            update(pattern("figures", "png")),
            caption="../report/figures.rst",
            category="Figures",
            labels={"figure": "{figure}", "kind": "picture"},
        ),
        svg=report(
            update(pattern("figures", "svg")),
            caption="../report/figures.rst",
            category="Figures",
            labels={"figure": "{figure}", "kind": "vector"},
        ),
        csv=report(
            update(pattern("figures", "csv")),
            caption="../report/figures.rst",
            category="Data of figures",
            labels={"figure": "{figure}", "kind": "table"},
        ),
    log:
        beside("logs", "figures", ".log"),
    benchmark:
        beside("benchmarks", "figures", ".jsonl")
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "figures"),
        runtime=needs("runtime", "figures"),
    params:
        arguments=arguments("figures"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe figures @{params.arguments:q} 2> {log:q}"


rule tables:
    input:
        unpack(inputs("tables")),
    output:
        csv=report(
            update(pattern("tables", "csv")),
            caption="../report/tables.rst",
            category="Tables",
            labels={"table": "{table}", "kind": "table"},
        ),
        json=update(pattern("tables", "json")),
    log:
        beside("logs", "tables", ".log"),
    benchmark:
        beside("benchmarks", "tables", ".jsonl")
    conda:
        "../../envs/cebra_pipe.yaml"
    threads: 1
    resources:
        gpu=0,
        mem_mb=needs("mem_mb", "tables"),
        runtime=needs("runtime", "tables"),
    params:
        arguments=arguments("tables"),
    message:
        "{rule} {output[0]}"
    shell:
        "python -m cebra_pipe tables @{params.arguments:q} 2> {log:q}"
