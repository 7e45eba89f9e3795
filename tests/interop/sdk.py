"""The same launch, written with the SageMaker Python SDK 2: what a notebook would say instead of `manyfit pipeline`."""

from __future__ import annotations

import json
import os
from typing import Any

import boto3

# In place of the settings of the machine and of the user: none.
os.environ["SAGEMAKER_ADMIN_CONFIG_OVERRIDE"] = os.environ["SAGEMAKER_USER_CONFIG_OVERRIDE"] = os.devnull

from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.multidatamodel import MultiDataModel
from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor
from sagemaker.session import production_variant
from sagemaker.telemetry import telemetry_logging
from sagemaker.workflow.execution_variables import ExecutionVariables
from sagemaker.workflow.functions import Join
from sagemaker.workflow.parameters import ParameterInteger, ParameterString
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.steps import CacheConfig, CreateModelStep, ProcessingStep, TrainingStep

REGION = "eu-west-1"

# The SDK would tell its maker of each call. A file of settings can forbid it, but is checked anew for every value, which takes minutes.
telemetry_logging._send_telemetry_request = lambda *_, **__: None


def session() -> PipelineSession:
    """A session that collects requests and sends none."""
    return PipelineSession(boto_session=boto3.Session(region_name=REGION), default_bucket="bucket")


def pipeline(name: str, role: str, image: str, source: str, output: str, metrics: list[dict[str, str]]) -> dict[str, Any]:
    """A definition of Prepare, Fit and Model on ten instances with a horizon of a week."""
    collecting = session()
    source_parameter = ParameterString("InputS3Uri", default_value=source)
    output_parameter = ParameterString("OutputS3Uri", default_value=output)
    image_parameter = ParameterString("ImageUri", default_value=image)
    prepare_type = ParameterString("PrepareInstanceType", default_value="ml.m5.xlarge")
    fit_type = ParameterString("FitInstanceType", default_value="ml.c5.xlarge")
    fit_count = ParameterInteger("FitInstanceCount", default_value=10)

    def of_run(place: str) -> Join:
        return Join(on="/", values=[output_parameter, ExecutionVariables.PIPELINE_EXECUTION_ID, place])

    processor = Processor(
        image_uri=image_parameter, role=role, instance_count=1, instance_type=prepare_type,
        volume_size_in_gb=100, max_runtime_in_seconds=3600, sagemaker_session=collecting,
    )
    prepare = ProcessingStep(
        name="Prepare",
        step_args=processor.run(
            arguments=["prepare"],
            inputs=[ProcessingInput(
                input_name="raw", source=source_parameter, destination="/opt/ml/processing/input/raw",
            )],
            outputs=[
                ProcessingOutput(
                    output_name=name, source=f"/opt/ml/processing/output/{name}", destination=of_run(f"{name}/"),
                )
                for name in ("customers", "report")
            ],
        ),
        cache_config=CacheConfig(enable_caching=True, expire_after="P7D"),
    )

    estimator = Estimator(
        image_uri=image_parameter, role=role, instance_count=fit_count, instance_type=fit_type, volume_size=30,
        hyperparameters={"horizon": 7, "version": ExecutionVariables.PIPELINE_EXECUTION_ID},
        use_spot_instances=True, max_run=3600, max_wait=7200, max_retry_attempts=3,
        checkpoint_s3_uri=of_run("models/"), checkpoint_local_path="/opt/ml/checkpoints",
        output_path=of_run("results"), metric_definitions=metrics, input_mode="FastFile",
        debugger_hook_config=False, disable_profiler=True, sagemaker_session=collecting,
    )
    customers = prepare.properties.ProcessingOutputConfig.Outputs["customers"].S3Output.S3Uri
    fit = TrainingStep(
        name="Fit",
        step_args=estimator.fit(
            {"training": TrainingInput(customers, distribution="ShardedByS3Key", input_mode="FastFile")}
        ),
    )

    models = MultiDataModel(
        name=name, model_data_prefix="s3://to/be/replaced/", image_uri=image_parameter, role=role, sagemaker_session=collecting,
    )
    models.model_data_prefix = fit.properties.CheckpointConfig.S3Uri
    model = CreateModelStep(name="Model", model=models)

    definition = Pipeline(
        name=name,
        parameters=[source_parameter, output_parameter, image_parameter, prepare_type, fit_type, fit_count],
        steps=[prepare, fit, model],
        sagemaker_session=collecting,
    ).definition()
    return json.loads(definition)


def variant(model: str, instance_type: str, instances: int) -> dict[str, Any]:
    """What the SDK makes of one production variant of an endpoint."""
    return production_variant(model, instance_type, initial_instance_count=instances)
